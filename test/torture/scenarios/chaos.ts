/**
 * Everything at once, at random: routes are edited, endpoints go and come, origins fail in every way of `faults.ts`, workers end. Two hosts, each
 * with two origins of its own, of which at most one is unwell at a time.
 *
 * Whatever happens: no answer for another request or from another host's origin, no POST executed twice, no answer that no origin gave, and every
 * GET is saved. What no proxy can save: a POST that an unwell origin may have got (it must have its documented error), an answer that broke off,
 * and what was on a worker's connections when it ended. Once all is well nothing fails any more.
 * SEED=n repeats the order of events; what they meet is up to the machine.
 */
import { setTimeout } from 'node:timers/promises';
import { baseManifests, endpointSlice, type Folder, routeManifest, service } from '../../features/folder.ts';
import { failureText } from '../failure-text.ts';
import { type Fault, faults, serve } from '../faults.ts';
import { readLedger } from '../ledger.ts';
import { MortalFleet, restartsOf } from '../mortal/fleet.ts';
import type { Ending } from '../mortal/order.ts';
import type { Origin } from '../origin.ts';
import type { Row, Scale, Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import type { Failure } from '../traffic.ts';
import { within } from '../within.ts';

export const chaos: Scenario = {
  name: 'chaos',
  title: 'edits, endpoints, origins and workers at random, all at once',
  expects: /a worker died, replaced|a worker has not turned its event loop/,
  run,
};

const Workers = 4;
const endings: readonly Ending[] = ['terminate', 'throw', 'heap'];
const codes = new Set(faults.map(({ code }) => code));

interface Host {
  readonly name: string;
  readonly origins: readonly Origin[];
  /** What is wrong with which of them: its fault, or without one its slice is gone. */
  unwell: { readonly origin: Origin; readonly fault: Fault | null } | null;
  /** `performance.now()` when it was well again. */
  healed: number;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

async function run(stage: Stage, scale: Scale): Promise<readonly Row[]> {
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e6));
  const random = randomOf(seed);
  const hosts: Host[] = [];
  for (const name of ['a', 'b']) {
    const origins = await Promise.all([`${name}1`, `${name}2`].map((each) => stage.origin(each)));
    await Promise.all(origins.map(serve));
    hosts.push({ name, origins, unwell: null, healed: 0 });
  }
  const folder = await stage.folder({ 'base.yaml': `${baseManifests({})}---\n${service('a')}---\n${service('b')}` });
  for (const host of hosts) {
    await folder.write(`route-${host.name}.yaml`, routeOf(host, 0));
    for (const origin of host.origins) await folder.write(`slice-${origin.name}.yaml`, sliceOf(host, origin));
  }
  const fleet = new MortalFleet(stage.scratch);
  const gateway = await stage.gateway(folder, { ...fleet.options, workers: Workers });
  const loads = hosts.map(({ name, origins }) =>
    stage.traffic({
      port: gateway.port(80),
      host: `${name}.example.com`,
      from: origins.map((origin) => origin.name),
      kept: 16,
      fresh: 2,
      rate: 500,
      // See worker-ends.ts.
      patience: 60_000,
    }),
  );

  /** Both origins of a host have answered since it was healed: until then the other must not fail, for the gateway may not know this one yet. */
  const serves = ({ origins, healed }: Host): boolean =>
    origins.every(({ name }) => loads.some(({ served }) => (served.get(name)?.last ?? 0) > healed));
  const ends: Span[] = [];
  const counts = { edits: 0, faults: 0, endpoints: 0 };
  for (const until = performance.now() + (scale === 'full' ? 30_000 : 5000); performance.now() < until; ) {
    await setTimeout(50 + random() * 150);
    const host = hosts[Math.floor(random() * hosts.length)]!;
    const dice = random();
    if (dice < 0.5) await folder.write(`route-${host.name}.yaml`, routeOf(host, ++counts.edits));
    else if (dice < 0.6) ends.push(...(await endWorker(fleet, random)));
    else if (host.unwell !== null) await heal(folder, host);
    else if (!serves(host)) continue;
    else if (dice < 0.85) {
      counts.faults++;
      await harm(host, random);
    } else {
      counts.endpoints++;
      const origin = host.origins[Math.floor(random() * 2)]!;
      await folder.remove(`slice-${origin.name}.yaml`);
      host.unwell = { origin, fault: null };
    }
  }
  for (const host of hosts) await heal(folder, host);
  const well = performance.now();
  await within(30, 'every origin serves again', () => hosts.every(serves));
  const back = performance.now();
  await setTimeout(500);

  const restarts = await restartsOf(gateway);
  const rows: Row[] = [];
  for (const [i, traffic] of loads.entries()) {
    await traffic.stop();
    const unsavable = traffic.failures.filter((failure) => failure.from < back && lostByRight(failure, ends));
    const failed = traffic.failures.filter((failure) => !unsavable.includes(failure));
    const { missed } = await readLedger(traffic, hosts[i]!.origins);
    const told = `${counts.edits} edits, ${counts.faults} faults, ${counts.endpoints} endpoints, ${ends.length} workers; SEED=${seed}`;
    rows.push({
      part: hosts[i]!.name,
      sent: traffic.sent,
      failed: failed.length,
      unsavable: unsavable.length,
      p99Millis: traffic.percentile(0.99),
      recoverMillis: back - well,
      missed: [...missed, ...(restarts === ends.length ? [] : [`${restarts} restarts counted of ${ends.length}`])],
      notes: `${i === 0 ? told : ''}${failureText(failed)}`,
    });
  }
  return rows;
}

async function harm(host: Host, random: () => number): Promise<void> {
  const origin = host.origins[Math.floor(random() * 2)]!;
  const fault = faults[Math.floor(random() * faults.length)]!;
  host.unwell = { origin, fault };
  await fault.begin(origin);
}

async function heal(folder: Folder, host: Host): Promise<void> {
  if (host.unwell === null) return;
  const { origin, fault } = host.unwell;
  if (fault === null) await folder.write(`slice-${origin.name}.yaml`, sliceOf(host, origin));
  else await fault.heal(origin);
  host.unwell = null;
  host.healed = performance.now();
}

/** @returns nothing if it was between two lives */
async function endWorker(fleet: MortalFleet, random: () => number): Promise<readonly Span[]> {
  const from = performance.now();
  const name = `worker-${1 + Math.floor(random() * Workers)}`;
  const thread = await fleet.end(name, endings[Math.floor(random() * endings.length)]!);
  return thread === null ? [] : [{ from, to: performance.now() }];
}

function lostByRight({ kind, code, method, received, from, to }: Failure, ends: readonly Span[]): boolean {
  if (kind === 'error') return method === 'POST' && codes.has(code);
  const met = ends.some((end) => from <= end.to && to >= end.from);
  return (kind === 'cut' && (received > 0 || met)) || (kind === 'connect' && met);
}

function routeOf({ name }: Host, edit: number): string {
  const filter = `filters: [{ type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: x-edit, value: "${edit}" }] } }]`;
  const extra = Array.from({ length: edit % 3 }, (_, i) => `, { matches: [{ path: { value: /extra-${i} } }] }`).join(
    '',
  );
  const patient = 'retry: { attempts: 3, backoff: 10ms }, timeouts: { request: 5s, backendRequest: 800ms }';
  return routeManifest(
    name,
    `[{ ${filter}, backendRefs: [{ name: ${name}, port: 8080 }], ${patient} }${extra}]`,
    `${name}.example.com`,
  );
}

function sliceOf({ name }: Host, origin: Origin): string {
  return endpointSlice(name, [origin.port]).replace(`${name}-0`, origin.name);
}

/** The same figures for the same seed. */
function randomOf(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
