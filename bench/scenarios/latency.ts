/** What a proxy adds to the time of a request while it is far from busy: requests come at random times at a fixed mean rate. */
import { join } from 'node:path';
import { writeRequests } from '../load.ts';
import type { Bar, Result, TargetResult } from '../result.ts';
import { loadDrive, measureRounds } from '../rounds.ts';
import { siteRequests } from '../site.ts';
import { ratiosOf, round } from '../statistics.ts';
import { resultOf, sharedTargets, usualTargets } from './closed-loop.ts';
import type { Bench, Scenario } from './scenario.ts';

const rates = [1000, 5000] as const;
const connections = 32;

export const latency: Scenario = {
  name: 'latency',
  about: 'open loop: GET, 200 bytes, at 1,000 and 5,000 requests a second',
  async run(bench) {
    const results: Result[] = [];
    for (const rate of rates) results.push(await measure(bench, rate));
    return results;
  },
};

async function measure(bench: Bench, rate: number): Promise<Result> {
  const requests = join(bench.directory, 'latency.requests');
  await writeRequests(requests, siteRequests(bench.site, { answer: 200 }));
  const running = await sharedTargets(bench, ['direct', ...usualTargets]);
  const measured = await measureRounds(bench, {
    targets: running,
    drive: loadDrive(bench, { connections, requests, rate }),
  });
  const targets = withAdded(measured);
  const added = ratiosOf(targets, ({ figures }) => figures?.['addedP50Micros'] ?? Number.NaN);
  return resultOf(bench, {
    scenario: `latency-${rate}`,
    about: `open loop: GET, 200 bytes, ${rate.toLocaleString('en')} requests a second on ${connections} connections`,
    targets,
    ratios: ratiosOf(withoutDirect(targets)),
    bars: rate === 5000 ? bars(added) : [],
    notes: Object.entries(added).map(([pair, ratio]) => `p50 added, ${pair}: ${ratio.toFixed(2)}×`),
  });
}

/** Through the proxy less direct. */
function withAdded(targets: Readonly<Record<string, TargetResult>>): Record<string, TargetResult> {
  const { direct } = targets;
  if (direct === undefined) return { ...targets };
  return Object.fromEntries(
    Object.entries(targets).map(([name, target]) => {
      if (name === 'direct') return [name, target];
      const figures = {
        ...target.figures,
        addedP50Micros: round(target.p50Micros - direct.p50Micros, 1),
        addedP99Micros: round(target.p99Micros - direct.p99Micros, 1),
      };
      return [name, { ...target, figures }];
    }),
  );
}

/** What the origin spends is no peer's cost. */
function withoutDirect(targets: Readonly<Record<string, TargetResult>>): Record<string, TargetResult> {
  return Object.fromEntries(Object.entries(targets).filter(([name]) => name !== 'direct'));
}

function bars(added: Readonly<Record<string, number>>): readonly Bar[] {
  return [
    { what: 'p50 added against nginx', atMost: 1.05, goal: 1, unit: '×', measured: added['gateway/nginx'] ?? null },
  ];
}
