/** Whether a request costs more because there are many routes; and what 10,000 cost in memory and until they are served. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RoutesPerHost } from '../estate.ts';
import { checkEstate, loadRequests, someRequests } from '../estate-load.ts';
import { writeRequests } from '../load.ts';
import { settledMemory } from '../memory.ts';
import type { TargetResult } from '../result.ts';
import { loadDrive, measureRounds } from '../rounds.ts';
import { ratiosOf, round } from '../statistics.ts';
import { formatNumber, formatTable } from '../table.ts';
import { type EstateTarget, gatewayOnEstate } from '../targets/gateway-estate.ts';
import type { RunningGateway } from '../targets/gateway-process.ts';
import { resultOf } from './closed-loop.ts';
import type { Bench, Scenario } from './scenario.ts';

const Bar = 1.2;

export const scale: Scenario = {
  name: 'scale',
  about: 'GET, 200 bytes: 10,000 HTTPRoutes on 1,000 hosts against 10',
  async run(bench) {
    const started: Started[] = [];
    const few = gatewayOnEstate(1);
    // A quick run shows that it works.
    const many = gatewayOnEstate(bench.settings.quick ? 100 : 1_000);
    try {
      for (const size of [few, many]) started.push(await startEstate(bench, size));
      const drives = new Map(
        started.map(({ running, requests }) => [running as object, loadDrive(bench, { connections: 64, requests })]),
      );
      const measured = await measureRounds(bench, {
        targets: new Map(started.map(({ name, running }) => [name, running])),
        drive: (running, seconds) => drives.get(running)!(running, seconds),
      });
      const targets = await withFigures(bench, started, measured);
      const ratios = ratiosOf(targets, undefined, many.name);
      const rows = Object.entries(targets).map(([name, { figures = {} }]) => [
        name,
        ...['readyMillis', 'megabytesAtStart', 'megabytesAfter'].map((figure) => formatNumber(figures[figure])),
      ]);
      return [
        resultOf(bench, {
          scenario: 'scale',
          about: `GET, 200 bytes: ${(many.hosts * RoutesPerHost).toLocaleString('en')} HTTPRoutes on ${many.hosts.toLocaleString('en')} hosts against ${RoutesPerHost}`,
          targets,
          ratios,
          bars: [
            {
              what: `CPU per request at ${(many.hosts * RoutesPerHost).toLocaleString('en')} routes against ${RoutesPerHost}`,
              atMost: Bar,
              unit: '×',
              measured: ratios[`${many.name}/${few.name}`] ?? null,
            },
          ],
          notes: formatTable(['target', 'ready after ms', 'MB at start', 'MB after load'], rows).trimEnd().split('\n'),
        }),
      ];
    } finally {
      for (const { running } of started) await running.stop();
    }
  },
};

interface Started {
  readonly name: string;
  readonly running: RunningGateway;
  /** Path of the load generator's file. */
  readonly requests: string;
  readonly readyMillis: number;
  /** Pss in MB. */
  readonly atStart: number;
  readonly faults: number;
}

/** For `churn`, too. */
export async function startEstate(bench: Bench, target: EstateTarget): Promise<Started> {
  const directory = join(bench.directory, target.name);
  await mkdir(directory);
  const begun = performance.now();
  const running = await target.start({ directory, originPort: bench.origin.port, core: bench.cores.proxy });
  const readyMillis = performance.now() - begun;
  const chosen = someRequests(target.hosts);
  const requests = join(directory, 'load.requests');
  await writeRequests(requests, loadRequests(chosen));
  const faults = await checkEstate(running, chosen);
  for (const fault of faults.slice(0, 5)) bench.print(`${target.name}: ${fault}`);
  const { pss } = await settledMemory(running.pid, bench.settings.quick);
  return { name: target.name, running, requests, readyMillis, atStart: pss / 1024, faults: faults.length };
}

async function withFigures(
  bench: Bench,
  started: readonly Started[],
  measured: Readonly<Record<string, TargetResult>>,
): Promise<Readonly<Record<string, TargetResult>>> {
  const targets: Record<string, TargetResult> = {};
  for (const { name, running, readyMillis, atStart, faults } of started) {
    const target = measured[name]!;
    const { pss } = await settledMemory(running.pid, bench.settings.quick);
    targets[name] = {
      ...target,
      errors: target.errors + faults,
      figures: {
        ...target.figures,
        readyMillis: Math.round(readyMillis),
        megabytesAtStart: round(atStart, 1),
        megabytesAfter: round(pss / 1024, 1),
      },
    };
  }
  return targets;
}
