/**
 * One of three origins fails, each time in another way, under load; then it is well again and must serve again.
 *
 * Each fault meets five routes. `retry` has retries and a timeout for each attempt: an idempotent request must be saved as long as no byte of an
 * answer has gone to the client. `undici` is the same on the general client instead of the fast lane. What no proxy can save on these:
 *  - a POST that the bad origin may have got: RFC 9110 9.2.2 forbids to send it again, so it gets the documented error. (With outlier detection
 *    fewer of them would go there while the fault lasts; the gateway has none yet.)
 *  - an answer that broke off: the client must see that it is cut.
 * `no retry` asks for none: there every method may get the documented error. The `tight` ones have few connections and a short queue, so they may
 * answer 503 `overloaded`; but when all is over, as many clients as fit must be served without one: no fault has left a place taken.
 * On all of them a connection that was refused costs nobody anything, and nothing else is lost once the origin is well.
 */
import { setTimeout } from 'node:timers/promises';
import { failureText } from '../failure-text.ts';
import { type Fault, faults, serve } from '../faults.ts';
import {
  type FaultSpan,
  type FaultyRoute,
  FittingClients,
  faultyManifests,
  faultyRoutes,
  lostByRight,
} from '../faulty-route.ts';
import { readLedger } from '../ledger.ts';
import type { Origin } from '../origin.ts';
import type { Row, Scale, Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import type { Failure, Traffic } from '../traffic.ts';

export const originFaults: Scenario = {
  name: 'origin-faults',
  title: 'one of three origins is killed, paused, resets, goes silent, answers garbage',
  run,
};

interface Load {
  readonly route: FaultyRoute;
  readonly traffic: Traffic;
}

/** Longer than any recovery that is one. */
const RecoverMillis = 10_000;

async function run(stage: Stage, scale: Scale): Promise<readonly Row[]> {
  const origins = await Promise.all(['good', 'fine', 'bad'].map((name) => stage.origin(name)));
  await Promise.all(origins.map(serve));
  const gateway = await stage.gateway(await stage.folder(faultyManifests(origins)));
  const rows: Row[] = [];
  for (const fault of faults) rows.push(await play(stage, gateway.port(80), origins, fault, scale));
  rows.push(await calm(stage, gateway.port(80), origins));
  return rows;
}

async function play(stage: Stage, port: number, origins: readonly Origin[], fault: Fault, scale: Scale): Promise<Row> {
  const rate = scale === 'full' ? 400 : 200;
  // Longer than an attempt, where one on a silent origin is to be given up.
  const quick = fault.code === 'upstream-timeout' ? 1000 : 300;
  const duration = scale === 'full' ? 3000 : quick;
  const bad = origins[2]!;
  const loads = faultyRoutes.map((route) => ({
    route,
    traffic: stage.traffic({ port, host: route.host, kept: 16, fresh: 2, rate }),
  }));
  const servedAll = (since: number): boolean =>
    loads.every(({ traffic }) => (traffic.served.get(bad.name)?.last ?? 0) > since);
  if (!(await waitFor(() => servedAll(0))))
    throw new Error(`${bad.name} serves nothing, even before it is ${fault.name}`);
  await fault.begin(bad);
  const begun = performance.now();
  await setTimeout(duration);
  await fault.heal(bad);
  const healed = performance.now();
  const recovered = await waitFor(() => servedAll(healed));
  const recoverMillis = performance.now() - healed;
  await setTimeout(300);
  await Promise.all(loads.map(({ traffic }) => traffic.stop()));
  return rowOf(fault, loads, origins, { begun, healed }, recovered ? recoverMillis : null);
}

async function rowOf(
  fault: Fault,
  loads: readonly Load[],
  origins: readonly Origin[],
  span: FaultSpan,
  recoverMillis: number | null,
): Promise<Row> {
  const missed = recoverMillis === null ? ['the origin never served again'] : [];
  const unsavable: Failure[] = [];
  const failed: Failure[] = [];
  const notes: string[] = [];
  let slowest = 0;
  for (const { route, traffic } of loads) {
    const byRight = traffic.failures.filter((failure) => lostByRight(failure, fault, route, span));
    unsavable.push(...byRight);
    failed.push(...traffic.failures.filter((failure) => !byRight.includes(failure)));
    missed.push(...(await readLedger(traffic, origins)).missed);
    slowest = Math.max(slowest, traffic.percentile(0.99) ?? 0);
    if (byRight.length > 0) notes.push(`${route.name} ${countsOf(byRight)}`);
  }
  return {
    part: fault.name,
    sent: loads.reduce((sum, { traffic }) => sum + traffic.sent, 0),
    failed: failed.length,
    unsavable: unsavable.length,
    p99Millis: slowest,
    recoverMillis,
    missed,
    notes: `${notes.join(', ')}${failureText(failed)}`,
  };
}

/** After all faults: nothing may be left of them. */
async function calm(stage: Stage, port: number, origins: readonly Origin[]): Promise<Row> {
  const loads = faultyRoutes.map(({ host }) => stage.traffic({ port, host, kept: FittingClients, rate: 500 }));
  await setTimeout(1000);
  await Promise.all(loads.map((traffic) => traffic.stop()));
  const failed = loads.flatMap(({ failures }) => failures);
  const ledgers = await Promise.all(loads.map((traffic) => readLedger(traffic, origins)));
  return {
    part: 'afterwards',
    sent: loads.reduce((sum, traffic) => sum + traffic.sent, 0),
    failed: failed.length,
    p99Millis: Math.max(...loads.map((traffic) => traffic.percentile(0.99) ?? 0)),
    recoverMillis: null,
    missed: ledgers.flatMap(({ missed }) => missed),
    notes: `as many clients as the limits allow${failureText(failed)}`,
  };
}

/** `3 POST 2 GET 40 full`. */
function countsOf(failures: readonly Failure[]): string {
  const full = failures.filter(({ code }) => code === 'overloaded').length;
  const posts = failures.filter(({ code, method }) => code !== 'overloaded' && method === 'POST').length;
  const counts = [
    [posts, 'POST'],
    [failures.length - full - posts, 'GET'],
    [full, 'full'],
  ] as const;
  return counts
    .filter(([count]) => count > 0)
    .map(([count, name]) => `${count} ${name}`)
    .join(' ');
}

/** @returns whether it came to hold in time */
async function waitFor(condition: () => boolean): Promise<boolean> {
  const until = performance.now() + RecoverMillis;
  while (!condition() && performance.now() < until) await setTimeout(5);
  return condition();
}
