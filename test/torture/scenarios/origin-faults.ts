/**
 * One of three origins fails, each time in another way, under load; then it is well again and must serve again.
 *
 * Each fault meets three routes. `retry` has retries and a timeout for each attempt: an idempotent request must be saved as long as no byte of an
 * answer has gone to the client. `undici` is the same on the general client instead of the fast lane. What no proxy can save on these:
 *  - a POST that the bad origin may have got: RFC 9110 9.2.2 forbids to send it again, so it gets the documented error. (With outlier detection
 *    fewer of them would go there while the fault lasts; the gateway has none yet.)
 *  - an answer that broke off: the client must see that it is cut.
 * `no retry` asks for none: there every method may get the documented error. On all of them a connection that was refused costs nobody anything,
 * and nothing is lost once the origin is well.
 */
import { setTimeout } from 'node:timers/promises';
import { baseManifests, endpointSlice, routeManifest, service } from '../../features/folder.ts';
import { failureText } from '../failure-text.ts';
import { type Fault, faults, serve } from '../faults.ts';
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

/** The same Service, carried by the general client instead of the fast lane. */
const undiciBackend = `apiVersion: gateway.suuupra.io/v1alpha1
kind: Backend
metadata: { name: undici }
spec: { type: Service, service: { name: pool }, port: { port: 8080 }, lane: Undici }
`;

/** An attempt on a silent origin is given up after this. */
const AttemptMillis = 800;

interface Tested {
  readonly name: string;
  readonly host: string;
  /** Whether an idempotent request is tried again. */
  readonly retries: boolean;
  /** YAML. */
  readonly rule: string;
}

const service8080 = 'backendRefs: [{ name: pool, port: 8080 }]';
const general = 'backendRefs: [{ group: gateway.suuupra.io, kind: Backend, name: undici }]';
const patient = `retry: { attempts: 3, backoff: 10ms }, timeouts: { request: 5s, backendRequest: ${AttemptMillis}ms }`;
const routes: readonly Tested[] = [
  { name: 'retry', host: 'a.example.com', retries: true, rule: `{ ${service8080}, ${patient} }` },
  { name: 'undici', host: 'b.example.com', retries: true, rule: `{ ${general}, ${patient} }` },
  {
    name: 'no retry',
    host: 'c.example.com',
    retries: false,
    rule: `{ ${service8080}, timeouts: { request: ${AttemptMillis}ms } }`,
  },
];

/** Longer than any recovery that is one. */
const RecoverMillis = 10_000;

async function run(stage: Stage, scale: Scale): Promise<readonly Row[]> {
  const origins = await Promise.all(['good', 'fine', 'bad'].map((name) => stage.origin(name)));
  await Promise.all(origins.map(serve));
  const folder = await stage.folder({
    'base.yaml': `${baseManifests({})}---\n${service('pool')}---\n${endpointSlice(
      'pool',
      origins.map(({ port }) => port),
    )}`,
    'undici.yaml': undiciBackend,
    ...Object.fromEntries(routes.map(({ host, rule }, i) => [`${i}.yaml`, routeManifest(`r${i}`, `[${rule}]`, host)])),
  });
  const gateway = await stage.gateway(folder);
  const rows: Row[] = [];
  for (const fault of faults) rows.push(...(await play(stage, gateway.port(80), origins, fault, scale)));
  return rows;
}

async function play(
  stage: Stage,
  port: number,
  origins: readonly Origin[],
  fault: Fault,
  scale: Scale,
): Promise<readonly Row[]> {
  // Longer than an attempt, so that one on a silent origin is given up.
  const duration = scale === 'full' ? 3000 : 1000;
  const bad = origins[2]!;
  const loads = routes.map((route) => ({
    route,
    traffic: stage.traffic({ port, host: route.host, kept: 16, fresh: 2, rate: scale === 'full' ? 600 : 300 }),
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
  return Promise.all(
    loads.map(({ route, traffic }) =>
      rowOf(fault, route, traffic, origins, { begun, healed }, recovered ? recoverMillis : null),
    ),
  );
}

interface Times {
  readonly begun: number;
  readonly healed: number;
}

async function rowOf(
  fault: Fault,
  route: Tested,
  traffic: Traffic,
  origins: readonly Origin[],
  times: Times,
  recoverMillis: number | null,
): Promise<Row> {
  const unsavable = traffic.failures.filter((failure) => lostByRight(failure, fault, route.retries, times));
  const failed = traffic.failures.filter((failure) => !unsavable.includes(failure));
  const ledger = await readLedger(traffic, origins);
  const posts = unsavable.filter(({ method }) => method === 'POST').length;
  return {
    part: `${fault.name}, ${route.name}`,
    sent: traffic.sent,
    failed: failed.length,
    unsavable: unsavable.length,
    p99Millis: traffic.percentile(0.99),
    recoverMillis,
    missed: [...ledger.missed, ...(recoverMillis === null ? ['the origin never served again'] : [])],
    notes: `${[lost(posts, 'POST'), lost(unsavable.length - posts, 'GET'), repeats(ledger.repeated)].filter((text) => text !== '').join(', ')}${failureText(failed)}`,
  };
}

function lostByRight(failure: Failure, fault: Fault, retry: boolean, { begun, healed }: Times): boolean {
  const { kind, code, method, received, from, to } = failure;
  // The rule's own deadline, which a request may well meet on a machine that is busy with other things.
  if (code === 'upstream-timeout' && to - from >= AttemptMillis) return method === 'POST' || !retry;
  if (from > (fault.refuses === true ? begun : healed)) return false;
  if (kind === 'cut') return fault.cuts === true && received > 0;
  return kind === 'error' && code === fault.code && (method === 'POST' || !retry);
}

function lost(count: number, method: string): string {
  return count === 0 ? '' : `${count} ${method} lost by right`;
}

function repeats(count: number): string {
  return count === 0 ? '' : `${count} GET executed twice`;
}

/** @returns whether it came to hold in time */
async function waitFor(condition: () => boolean): Promise<boolean> {
  const until = performance.now() + RecoverMillis;
  while (!condition() && performance.now() < until) await setTimeout(5);
  return condition();
}
