/**
 * Workers end at random under load: terminated from outside, by an uncaught error, by their heap limit.
 *
 * What no proxy can save: the request in flight on a connection of that very worker (its socket is gone with the thread), one for each connection;
 * and a connection that waits in the accept queue of the worker's listener, or is at its first request, which the kernel resets. These are counted
 * apart, and only if the worker that ended served them, or, for a connection that nobody had answered yet, if they met within its end.
 * Everything else must be served: connections of other workers notice nothing, and new ones find a worker.
 */
import { setTimeout } from 'node:timers/promises';
import { baseManifests, routeManifest } from '../../features/folder.ts';
import { failureText } from '../failure-text.ts';
import { readLedger } from '../ledger.ts';
import { MortalFleet, restartsOf, type Server } from '../mortal/fleet.ts';
import type { Ending } from '../mortal/order.ts';
import type { Row, Scale, Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import type { Failure } from '../traffic.ts';
import { within } from '../within.ts';

export const workerEnds: Scenario = {
  name: 'worker-ends',
  title: 'workers end at random: terminated, by a throw, by their heap limit',
  // A thread that fills its heap turns no event loop either; that no other was ended is seen by the count of restarts.
  expects: /a worker died, replaced|a worker has not turned its event loop/,
  run,
};

interface End {
  readonly name: string;
  readonly thread: number;
  readonly ending: Ending;
  /** `performance.now()` of the order and of the end. */
  readonly from: number;
  readonly to: number;
}

/** Many times what an end and the return take. */
const MillisPerEnd = 5000;
const endings = ['terminate', 'throw', 'heap'] as const;

async function run(stage: Stage, scale: Scale): Promise<readonly Row[]> {
  const { ends: count, workers } = scale === 'full' ? { ends: 100, workers: 12 } : { ends: 6, workers: 3 };
  const [one, two] = await Promise.all([stage.origin('one'), stage.origin('two')]);
  // Requests take a moment, so that some are always in flight.
  await Promise.all([one.behave('serve', 2), two.behave('serve', 2)]);
  const folder = await stage.folder({
    'base.yaml': baseManifests({ one: one.port, two: two.port }),
    'route.yaml': routeManifest('mortal', '[{ backendRefs: [{ name: one, port: 8080 }, { name: two, port: 8080 }] }]'),
  });
  const fleet = new MortalFleet(stage.scratch);
  const gateway = await stage.gateway(folder, { ...fleet.options, workers });
  const traffic = stage.traffic({
    port: gateway.port(80),
    kept: 48,
    fresh: 2,
    rate: 1000,
    // Longer than a thread may take to fill its heap on a busy machine: what it holds is cut then, and must not look like lost otherwise.
    patience: 60_000,
    prefix: (connection, first) => (first ? `/who/${connection}/` : '/t/'),
  });
  const ends = await endWorkers(fleet, workers, count);
  const last = ends.at(-1)!;
  const comesBack = async (): Promise<boolean> =>
    [...(await fleet.servers()).values()].some(({ name, thread }) => name === last.name && thread > last.thread);
  await within(30, `${last.name} is back`, comesBack);
  const back = performance.now();
  await traffic.stop();

  const verdict = judge(traffic.failures, ends, await fleet.servers());
  const { missed } = await readLedger(traffic, [one, two]);
  const restarts = await restartsOf(gateway);
  const ways = endings.map((way) => `${ends.filter(({ ending }) => ending === way).length} ${way}`).join(', ');
  return [
    {
      sent: traffic.sent,
      failed: verdict.others.length,
      unsavable: verdict.inFlight.length + verdict.queued.length,
      p99Millis: traffic.percentile(0.99),
      recoverMillis: back - last.to,
      missed: [...missed, ...(restarts === count ? [] : [`${restarts} restarts counted of ${count}`])],
      notes: `${count} ends of ${workers} workers (${ways}): ${verdict.inFlight.length} in flight on them, ${verdict.queued.length} not accepted yet${failureText(verdict.others)}`,
    },
  ];
}

/** One at a time, and never the last that serves: with none left nobody could. */
async function endWorkers(fleet: MortalFleet, workers: number, count: number): Promise<readonly End[]> {
  const ends: End[] = [];
  const gone = new Map<string, number>();
  const limit = performance.now() + MillisPerEnd * count;
  while (ends.length < count) {
    if (performance.now() > limit) throw new Error(`only ${ends.length} of ${count} workers could be ended`);
    await setTimeout(50 + Math.random() * 200);
    const serving = await servingWorkers(fleet, workers, gone);
    if (serving.length < 2) continue;
    const name = serving[Math.floor(Math.random() * serving.length)]!;
    const ending = endings[ends.length % endings.length]!;
    const from = performance.now();
    const thread = await fleet.end(name, ending);
    if (thread === null) continue;
    gone.set(name, thread);
    ends.push({ name, thread, ending, from, to: performance.now() });
  }
  return ends;
}

/** Those that have answered in their present life. */
async function servingWorkers(
  fleet: MortalFleet,
  workers: number,
  gone: ReadonlyMap<string, number>,
): Promise<string[]> {
  const lives = new Map<string, number>();
  for (const { name, thread } of (await fleet.servers()).values())
    lives.set(name, Math.max(lives.get(name) ?? 0, thread));
  const names = Array.from({ length: workers }, (_, i) => `worker-${i + 1}`);
  return names.filter((name) => (lives.get(name) ?? 0) > (gone.get(name) ?? 0));
}

interface Verdict {
  readonly inFlight: readonly Failure[];
  readonly queued: readonly Failure[];
  readonly others: readonly Failure[];
}

function judge(failures: readonly Failure[], ends: readonly End[], servers: ReadonlyMap<number, Server>): Verdict {
  const inFlight: Failure[] = [];
  const queued: Failure[] = [];
  const others: Failure[] = [];
  const seen = new Set<number>();
  for (const failure of failures) {
    const { connection, kind, from, to } = failure;
    const server = servers.get(connection);
    const end = ends.find(({ thread }) => thread === server?.thread);
    const lost = kind === 'cut' || kind === 'connect';
    if (lost && end !== undefined && to >= end.from && !seen.has(connection)) inFlight.push(failure);
    else if (lost && server === undefined && ends.some((each) => from <= each.to && to >= each.from))
      queued.push(failure);
    else others.push(failure);
    seen.add(connection);
  }
  return { inFlight, queued, others };
}
