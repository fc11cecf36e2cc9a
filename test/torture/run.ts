/** Runs one scenario on a stage of its own. Used by `main.ts` and `slice.test.ts`. */
import type { Row, Scale, Scenario } from './scenario.ts';
import { createStage } from './stage.ts';

/** Of the gateways' log, printed when a bar is missed. */
const MaxLines = 10;

/**
 * Ends what it started, whatever happens. Rejects if the scenario throws: that is a bar missed, too.
 * @param args flags of every gateway, beside the scenario's own
 */
export async function runScenario(
  scenario: Scenario,
  scale: Scale,
  args: readonly string[] = [],
): Promise<readonly Row[]> {
  const stage = await createStage(args);
  try {
    const rows = await scenario.run(stage, scale);
    const complaints = stage.complaints().filter((line) => scenario.expects?.test(line) !== true);
    const last = rows.at(-1);
    if (last === undefined || complaints.length === 0) return rows;
    for (const line of complaints.slice(-MaxLines)) process.stderr.write(`  gateway: ${line}\n`);
    return [...rows.slice(0, -1), { ...last, missed: [...last.missed, `${complaints.length} errors logged`] }];
  } finally {
    await stage.close();
  }
}
