/** Runs one scenario on a stage of its own. Used by `main.ts` and `slice.test.ts`. */
import type { Row, Scale, Scenario } from './scenario.ts';
import { createStage } from './stage.ts';

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
    return await scenario.run(stage, scale);
  } finally {
    await stage.close();
  }
}
