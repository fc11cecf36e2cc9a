/** What a worker pays for configuration: all of 10,000 routes once, then one change after the other. In a thread of its own, as workers are. */
import { Worker } from 'node:worker_threads';
import { translate } from '../../pkg/translate/translate.ts';
import { diff } from '../../pkg/worker/delta.ts';
import { type EstateRequest, estateRequests, RoutesPerHost, routeManifest, sliceManifest } from '../estate.ts';
import { type Figure, figureOf } from './benchmark.ts';
import { type Estate, objectOf, options, translateEstate } from './translated.ts';

const group = 'configuration of 10,000 routes';
const Hosts = 1_000;
const Changes = 200;

/** To `configuration-thread.ts`: apply `text` and find the rules of `requests`. */
export interface ConfigurationTask {
  readonly text: string;
  readonly requests: readonly EstateRequest[];
}

/** Its answer. */
export interface ConfigurationTimes {
  /** ms until the new table stands, during which the thread does nothing else. */
  readonly applied: number;
  /** The same until every request has found its rule: tables of hosts are compiled when they are first asked. */
  readonly found: number;
  /** Bytes of heap that live in the thread, after a collection that is in none of the times. */
  readonly heap: number;
}

/** @param rounds of compiling everything; changes are always 200 of each kind */
export async function measureConfiguration(rounds: number): Promise<readonly Figure[]> {
  const estate = translateEstate(Hosts);
  const task = { text: JSON.stringify(diff(null, estate.translation.ir)), requests: estateRequests(Hosts) };
  const times: ConfigurationTimes[] = [];
  for (let round = 0; round < rounds; round++) {
    const thread = startThread();
    const empty = await thread.run({ text: JSON.stringify(diff(null, emptyIr(estate))), requests: [] });
    const full = await thread.run(task);
    times.push({ ...full, heap: full.heap - empty.heap });
    await thread.close();
  }
  const figure = (
    name: string,
    unit: 'ms' | 'MB',
    limit: number,
    valueOf: (each: ConfigurationTimes) => number,
  ): Figure => figureOf({ group, name, unit }, times.map(valueOf), { bar: { limit, of: 'median' } });
  return [
    figure(
      `a worker takes it (${Math.round(task.text.length / 1e5) / 10} MB of text)`,
      'ms',
      1_000,
      ({ applied }) => applied,
    ),
    figure('the same, and every route found once', 'ms', 1_000, ({ found }) => found),
    figure('memory of it in a worker: IR, table, clusters', 'MB', 200, ({ heap }) => heap / 1e6),
    ...(await measureChanges(estate, task)),
  ];
}

async function measureChanges(estate: Estate, first: ConfigurationTask): Promise<readonly Figure[]> {
  const thread = startThread();
  await thread.run(first);
  const control: number[] = [];
  const routes: number[] = [];
  const endpoints: number[] = [];
  let ir = estate.translation.ir;
  for (let i = 0; i < 2 * Changes; i++) {
    const isRoute = i % 2 === 0;
    const host = (i * 37) % Hosts;
    const object = objectOf(isRoute ? routeManifest(host, i % RoutesPerHost, 1 + i) : sliceManifest(host, 9, true));
    const started = performance.now();
    estate.store.apply([{ kind: 'upsert', object }]);
    const next = translate(estate.store.snapshot(), options, estate.memo).ir;
    const text = JSON.stringify(diff(ir, next));
    control.push(performance.now() - started);
    ir = next;
    if (text.length > 10_000) throw new Error(`one change became ${text.length} bytes`);
    const requests = first.requests.slice(host * RoutesPerHost, (host + 1) * RoutesPerHost);
    (isRoute ? routes : endpoints).push((await thread.run({ text, requests })).found);
  }
  await thread.close();
  const bar = { limit: 5, of: 'max' } as const;
  return [
    figureOf({ group, name: 'one route changes: stall of a worker', unit: 'ms' }, routes, { bar }),
    figureOf({ group, name: 'one EndpointSlice changes: stall of a worker', unit: 'ms' }, endpoints, { bar }),
    figureOf({ group, name: 'either: store, translate, difference (controller)', unit: 'ms' }, control),
  ];
}

function emptyIr({ translation }: Estate): typeof translation.ir {
  return { ...translation.ir, routes: {}, clusters: {} };
}

function startThread(): { run(task: ConfigurationTask): Promise<ConfigurationTimes>; close(): Promise<unknown> } {
  const worker = new Worker(new URL('./configuration-thread.ts', import.meta.url));
  return {
    run(task) {
      const { promise, resolve, reject } = Promise.withResolvers<ConfigurationTimes>();
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.postMessage(task);
      return promise.finally(() => worker.removeListener('error', reject));
    },
    close: () => worker.terminate(),
  };
}
