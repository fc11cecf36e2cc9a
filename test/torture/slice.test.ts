/** Every scenario of `make torture` at the scale of CI: no bar of correctness is missed, whatever the machine's speed. */
import { expect, test } from '@jest/globals';
import { runScenario } from './run.ts';
import { passed } from './scenario.ts';
import { scenarios } from './scenarios.ts';

test.each(scenarios)(
  '$name: $title',
  async (scenario) => {
    const rows = await runScenario(scenario, 'quick');
    expect(rows.filter((row) => !passed(row))).toEqual([]);
    expect(Math.min(...rows.map(({ sent }) => sent))).toBeGreaterThan(0);
  },
  60_000,
);
