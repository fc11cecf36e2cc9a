/** Scenarios in which each connection asks again as soon as it has its answer: nearly all that compare CPU per request. */
import { join } from 'node:path';
import { barsOf } from '../bars.ts';
import { writeRequests } from '../load.ts';
import type { Result } from '../result.ts';
import { type LoadShape, loadDrive, measureRounds } from '../rounds.ts';
import { type RequestOptions, siteRequests } from '../site.ts';
import { ratiosOf } from '../statistics.ts';
import type { Running } from '../targets/target.ts';
import type { Bench, Scenario } from './scenario.ts';

export interface ClosedLoop extends Omit<LoadShape, 'requests' | 'rate'> {
  readonly name: string;
  readonly about: string;
  readonly request: RequestOptions;
  /** Default: nginx, haproxy, envoy, gateway. */
  readonly targets?: readonly string[];
}

export const usualTargets = ['nginx', 'haproxy', 'envoy', 'gateway'] as const;

export function closedLoop({ name, about, request, targets = usualTargets, ...shape }: ClosedLoop): Scenario {
  return {
    name,
    about,
    async run(bench) {
      const requests = join(bench.directory, `${name}.requests`);
      await writeRequests(requests, siteRequests(bench.site, request));
      const running = await sharedTargets(bench, targets);
      const results = await measureRounds(bench, { targets: running, drive: loadDrive(bench, { ...shape, requests }) });
      const ratios = ratiosOf(results);
      return [resultOf(bench, { scenario: name, about, targets: results, ratios, bars: barsOf(name, ratios) })];
    },
  };
}

/** Those of them that are to be had. */
export async function sharedTargets(bench: Bench, names: readonly string[]): Promise<Map<string, Running>> {
  const targets = new Map<string, Running>();
  for (const name of names) {
    const running = await bench.shared(name);
    if (running !== null) targets.set(name, running);
  }
  return targets;
}

/** Adds what every result says. */
export function resultOf(
  { machine, versions, settings }: Bench,
  measured: Pick<Result, 'scenario' | 'about' | 'targets' | 'ratios' | 'bars'> & { readonly notes?: readonly string[] },
): Result {
  return {
    ...measured,
    machine,
    versions,
    rounds: settings.rounds,
    seconds: settings.seconds,
    notes: measured.notes ?? [],
  };
}
