/**
 * One of three origins fails, each time in another way, under load; then it is well again and must serve again.
 *
 * Each fault meets two routes. One has `retry` and a timeout for each attempt: an idempotent request must be saved as long as no byte of an answer
 * has gone to the client. What no proxy can save there:
 *  - a POST that the bad origin may have got: RFC 9110 9.2.2 forbids to send it again, so it gets the documented error. (With outlier detection
 *    fewer of them would go there while the fault lasts; the gateway has none yet.)
 *  - an answer that broke off: the client must see that it is cut.
 * The other route has no `retry`: there every method may get the documented error. On both a connection that was refused costs nobody anything.
 */
import { setTimeout } from 'node:timers/promises';
import { baseManifests, endpointSlice, routeManifest, service } from '../../features/folder.ts';
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

interface Fault {
  readonly name: string;
  readonly begin: (origin: Origin) => Promise<void>;
  readonly heal: (origin: Origin) => Promise<void>;
  /** The error that what is lost must get. */
  readonly code: string;
  /** Answers may break off. */
  readonly cuts?: true;
  /** Only what was under way when it began may be lost: afterwards no connection is made. */
  readonly refuses?: true;
}

const serve = (origin: Origin): Promise<void> => origin.behave('serve', 2);

const faults: readonly Fault[] = [
  {
    name: 'killed',
    begin: (origin) => origin.end(),
    heal: async (origin) => {
      await origin.start();
      await serve(origin);
    },
    code: 'upstream-reset',
    cuts: true,
    refuses: true,
  },
  {
    name: 'paused',
    begin: async (origin) => origin.pause(),
    heal: async (origin) => origin.resume(),
    code: 'upstream-timeout',
  },
  { name: 'reset at accept', begin: (origin) => origin.behave('reset-accept'), heal: serve, code: 'upstream-reset' },
  { name: 'reset at request', begin: (origin) => origin.behave('reset-request'), heal: serve, code: 'upstream-reset' },
  {
    name: 'reset in answer',
    begin: (origin) => origin.behave('reset-answer'),
    heal: serve,
    code: 'upstream-reset',
    cuts: true,
  },
  { name: 'silent', begin: (origin) => origin.behave('hang'), heal: serve, code: 'upstream-timeout' },
  { name: 'half-open', begin: (origin) => origin.behave('finish'), heal: serve, code: 'upstream-reset' },
  { name: 'garbage', begin: (origin) => origin.behave('garbage'), heal: serve, code: 'upstream-invalid' },
];

/** An attempt on a silent origin is given up after this. */
const AttemptMillis = 400;
/** Longer than any recovery that is one. */
const RecoverMillis = 10_000;

async function run(stage: Stage, scale: Scale): Promise<readonly Row[]> {
  const origins = await Promise.all(['good', 'fine', 'bad'].map((name) => stage.origin(name)));
  await Promise.all(origins.map(serve));
  const backend = 'backendRefs: [{ name: pool, port: 8080 }]';
  const retry = 'retry: { attempts: 3, backoff: 10ms }';
  const folder = await stage.folder({
    'base.yaml': `${baseManifests({})}---\n${service('pool')}---\n${endpointSlice(
      'pool',
      origins.map(({ port }) => port),
    )}`,
    'retry.yaml': routeManifest(
      'retry',
      `[{ ${backend}, ${retry}, timeouts: { request: 5s, backendRequest: ${AttemptMillis}ms } }]`,
    ),
    'plain.yaml': routeManifest(
      'plain',
      `[{ ${backend}, timeouts: { request: ${AttemptMillis}ms } }]`,
      'b.example.com',
    ),
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
  const duration = scale === 'full' ? 3000 : 500;
  const bad = origins[2]!;
  const loads = [
    { rule: 'retry', host: 'a.example.com' },
    { rule: 'no retry', host: 'b.example.com' },
  ].map(({ rule, host }) => ({
    rule,
    traffic: stage.traffic({ port, host, kept: 24, fresh: 2, rate: scale === 'full' ? 800 : 400 }),
  }));
  const servedAll = (since: number): boolean =>
    loads.every(({ traffic }) => (traffic.served.get(bad.name)?.last ?? 0) > since);
  await waitFor(() => servedAll(0));
  await fault.begin(bad);
  const begun = performance.now();
  await setTimeout(duration);
  const healing = performance.now();
  await fault.heal(bad);
  const healed = performance.now();
  const recovered = await waitFor(() => servedAll(healed));
  const back = performance.now();
  await setTimeout(AttemptMillis);
  await Promise.all(loads.map(({ traffic }) => traffic.stop()));
  const times = { begun, healing, back };
  return Promise.all(
    loads.map(({ rule, traffic }) => rowOf(fault, rule, traffic, origins, times, recovered ? back - healed : null)),
  );
}

interface Times {
  readonly begun: number;
  readonly healing: number;
  readonly back: number;
}

async function rowOf(
  fault: Fault,
  rule: string,
  traffic: Traffic,
  origins: readonly Origin[],
  times: Times,
  recoverMillis: number | null,
): Promise<Row> {
  const unsavable = traffic.failures.filter((failure) => lostByRight(failure, fault, rule === 'retry', times));
  const failed = traffic.failures.filter((failure) => !unsavable.includes(failure));
  const ledger = await readLedger(traffic, origins);
  const posts = unsavable.filter(({ method }) => method === 'POST').length;
  return {
    part: `${fault.name}, ${rule}`,
    sent: traffic.sent,
    failed: failed.length,
    unsavable: unsavable.length,
    p99Millis: traffic.percentile(0.99),
    recoverMillis,
    missed: [...ledger.missed, ...(recoverMillis === null ? ['the origin never served again'] : [])],
    notes: `${posts} POST and ${unsavable.length - posts} GET lost by right, ${ledger.repeated} GET executed twice${examples(failed)}`,
  };
}

function lostByRight(failure: Failure, fault: Fault, retry: boolean, { begun, healing, back }: Times): boolean {
  const { kind, code, method, received, from } = failure;
  if (from > (fault.refuses === true ? begun : Math.max(healing, back))) return false;
  if (kind === 'cut') return fault.cuts === true && received > 0;
  return kind === 'error' && code === fault.code && (method === 'POST' || !retry);
}

/** @returns whether it came to hold in time */
async function waitFor(condition: () => boolean): Promise<boolean> {
  const until = performance.now() + RecoverMillis;
  while (!condition() && performance.now() < until) await setTimeout(5);
  return condition();
}

function examples(failures: readonly Failure[]): string {
  const kinds = new Map<string, number>();
  for (const { method, kind, status, code, received } of failures) {
    const text = `${method} ${kind} ${status} ${code} ${received > 0 ? 'begun' : ''}`;
    kinds.set(text, (kinds.get(text) ?? 0) + 1);
  }
  const few = [...kinds].slice(0, 3).map(([text, count]) => `${count} × ${text.trim()}`);
  return few.length === 0 ? '' : `; not to be lost: ${few.join(', ')}`;
}
