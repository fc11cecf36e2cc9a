/** `small` once more, driven by wrk: shows whether the own load generator favours anybody. */
import { join } from 'node:path';
import { barsOf } from '../bars.ts';
import { measureRounds } from '../rounds.ts';
import { siteRequests } from '../site.ts';
import { ratiosOf } from '../statistics.ts';
import { runWrk, writeScript } from '../wrk.ts';
import { resultOf, sharedTargets, usualTargets } from './closed-loop.ts';
import type { Scenario } from './scenario.ts';

const connections = 64;

export const smallWrk: Scenario = {
  name: 'small-wrk',
  about: 'the same as small, driven by wrk',
  async run(bench) {
    if (bench.versions['wrk'] === undefined) {
      bench.print('small-wrk is left out: wrk is not to be had here');
      return [];
    }
    if (bench.settings.quick && bench.settings.scenarios.length === 0) {
      bench.print('small-wrk is left out of quick runs, since wrk runs whole seconds; SCENARIO=small-wrk runs it');
      return [];
    }
    const script = join(bench.directory, 'small.lua');
    await writeScript(script, siteRequests(bench.site, { answer: 200 }));
    const targets = await measureRounds(bench, {
      targets: await sharedTargets(bench, usualTargets),
      drive: ({ plainPort }, seconds) =>
        runWrk({ core: bench.cores.load, port: plainPort, script, connections, seconds }),
    });
    const ratios = ratiosOf(targets);
    const { name: scenario, about } = smallWrk;
    return [resultOf(bench, { scenario, about, targets, ratios, bars: barsOf('small', ratios) })];
  },
};
