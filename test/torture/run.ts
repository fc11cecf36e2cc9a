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
  const complaints = (): readonly string[] => {
    const lines = stage.complaints().filter((line) => scenario.expects?.test(line) !== true);
    for (const line of lines.slice(-MaxLines)) process.stderr.write(`  gateway: ${line}\n`);
    return lines;
  };
  try {
    const rows = await scenario.run(stage, scale).catch((error: unknown) => {
      complaints();
      throw error;
    });
    const lines = complaints();
    const last = rows.at(-1);
    if (last === undefined || lines.length === 0) return rows;
    return [...rows.slice(0, -1), { ...last, missed: [...last.missed, `${lines.length} errors logged`] }];
  } finally {
    await stage.close();
  }
}
