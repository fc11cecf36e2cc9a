/** Runs inside the cluster, started by `main.ts`: one figure after the other, printed as a table and written to `bench/results/cluster.json`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeApi } from '../../pkg/kube/api.ts';
import { createKubeApi } from '../../pkg/kube/client.ts';
import { loadCredentials } from '../../pkg/kube/credentials.ts';
import { listPages } from '../../pkg/kube/pages.ts';
import { root } from '../place.ts';
import type { RouteStatus } from '../route-status.ts';
import { until } from '../until.ts';
import {
  createGateway,
  createRoutes,
  createServices,
  gatewayPath,
  listener,
  namespace,
  probePath,
  probeSpec,
  routesPath,
  slice,
  slicePath,
} from './estate.ts';
import { openProbe } from './probe.ts';
import { type GatewayProcess, startGateway } from './process.ts';
import { readCounts } from './server.ts';

const quick = process.env['QUICK'] === '1';
const sizes = quick ? [10, 100, 300] : [10, 1_000, 10_000];
const Services = quick ? 30 : 1_000;
const Endpoints = 100;
const Edits = quick ? 20 : 100;

interface Figure {
  readonly what: string;
  readonly measured: string;
  readonly bar: string;
}

const kubeconfig = process.env['KUBECONFIG'] ?? '';
const api = createKubeApi({ credentials: loadCredentials({ kubeconfig, context: null }), userAgent: 'figures' });
const figures: Figure[] = [];
const note = (what: string, measured: string, bar = ''): void => {
  figures.push({ what, measured, bar });
  process.stdout.write(`${what.padEnd(72)} ${measured.padStart(34)}  ${bar}\n`);
};

await createGateway(api);
const address = await until('the Gateway has an address', async () => {
  const gateway = (await api.send({
    method: 'GET',
    path: gatewayPath,
  })) as {
    readonly status?: { readonly addresses?: readonly { readonly value: string }[] };
  };
  return gateway.status?.addresses?.[0]?.value;
});
const probe = openProbe(address, 80);
await probe.until('0', performance.now());

let routes = 0;
let services = 0;
let edit = 0;
for (const size of sizes) {
  const wanted = Math.min(Services, size);
  await createServices(api, services, wanted, Endpoints);
  services = wanted;
  const before = await readCounts();
  const began = performance.now();
  await createRoutes(api, routes, size, services);
  const created = performance.now() - began;
  const told = await until(`${size} routes have a status`, async () => (await untold(api)) === 0, 600).then(
    () => performance.now() - began,
  );
  const writes = (await readCounts()).statusWrites - before.statusWrites;
  if (size === sizes[1]) {
    note(
      `status of ${size - routes} new routes, all written`,
      `${(told / 1000).toFixed(1)} s (created in ${(created / 1000).toFixed(1)} s)`,
      '≤ 10 s',
    );
    note('status writes for them', String(writes), '≤ 2,000');
  }
  routes = size;
  await sleep(2_000);
  const times: number[] = [];
  for (let i = 0; i < Edits; i++) times.push(await editRoute());
  note(
    `apply → live at ${size} HTTPRoutes, p50 / p99`,
    `${percentile(times, 0.5)} / ${percentile(times, 0.99)} ms`,
    size === 10_000 ? 'p99 ≤ 300 ms' : '',
  );
  if (size !== sizes[1]) continue;
  await (await coldStart('≤ 2 s')).stop();
  await changeAllStatuses();
}

const other = await coldStart('');
await sleep(20_000);
note(
  `memory of it: ${routes} routes, ${services} Services, ${(services * Endpoints).toLocaleString('en')} endpoints`,
  `${Math.round(other.memory())} MB`,
  '≤ 700 MB',
);
const sliceTimes: number[] = [];
for (let i = 1; i <= 20; i++) {
  const began = performance.now();
  await api.send({ method: 'PUT', path: slicePath(0), body: slice(0, Endpoints, i) });
  sliceTimes.push(performance.now() - began);
}
await sleep(1_000);
note('memory of it after 20 changes of an EndpointSlice', `${Math.round(other.memory())} MB`);

const withTwo = await requestsPerMinute();
await other.stop();
await sleep(3_000);
const withOne = await requestsPerMinute();
note('one more pod costs the API server, idle: watches', String(withTwo.watches - withOne.watches));
note(
  'one more pod costs the API server, idle: requests a minute',
  String(Math.round(withTwo.requests - withOne.requests)),
);

probe.close();
await api.send({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` });
await api.close();
if (!quick) writeFileSync(join(root, 'bench/results/cluster.json'), `${JSON.stringify({ figures }, null, 2)}\n`);

async function editRoute(): Promise<number> {
  const version = String(++edit);
  const began = performance.now();
  await api.send({
    method: 'PATCH',
    path: probePath,
    body: { spec: probeSpec(version) },
    contentType: 'application/merge-patch+json',
  });
  const time = await probe.until(version, began);
  await sleep(150);
  return time;
}

/** HTTPRoutes of the namespace whose status does not say yet that they are accepted on this listener. */
async function untold(client: KubeApi, listener = 'http'): Promise<number> {
  const isTold = ({ status }: RouteStatus) =>
    status?.parents?.some(({ conditions }) =>
      conditions.some(({ type, message }) => type === 'Accepted' && message.includes(listener)),
    ) === true;
  let count = 0;
  for await (const { items } of listPages<RouteStatus>(client, { path: routesPath })) {
    count += items.filter((route) => !isTold(route)).length;
  }
  if (count > 0) await sleep(200);
  return count;
}

/** A gateway beside the installed one, on the node's own address. */
async function coldStart(bar: string): Promise<GatewayProcess> {
  const port = await internalPort();
  const started = startGateway('figures', kubeconfig);
  const own = openProbe('10.99.0.1', port);
  const cold = await own.until(String(edit), started.started);
  own.close();
  note(`cold start with ${routes} routes: process → first request served`, `${Math.round(cold)} ms`, bar);
  return started;
}

/** One change that every route has to tell: the Gateway has another listener. */
async function changeAllStatuses(): Promise<void> {
  const before = await readCounts();
  const began = performance.now();
  await api.send({
    method: 'PATCH',
    path: gatewayPath,
    body: { spec: { listeners: [listener('http', 80), listener('second', 8080)] } },
    contentType: 'application/merge-patch+json',
  });
  const count = routes;
  await until(`${count} routes tell of the second listener`, async () => (await untold(api, 'second')) === 0, 600);
  note(`one change that alters the status of ${count} routes`, `${((performance.now() - began) / 1000).toFixed(1)} s`);
  note('status writes for it', String((await readCounts()).statusWrites - before.statusWrites));
}

/** Where every pod serves the Gateway's port 80. */
async function internalPort(): Promise<number> {
  const labelSelector = 'gateway.networking.k8s.io/gateway-name=gw';
  const list = (await api.send({
    method: 'GET',
    path: `/api/v1/namespaces/${namespace}/services`,
    query: { labelSelector },
  })) as {
    readonly items: readonly {
      readonly spec: { readonly ports: readonly { readonly port: number; readonly targetPort: number }[] };
    }[];
  };
  const port = list.items[0]?.spec.ports.find((each) => each.port === 80)?.targetPort;
  if (port === undefined) throw new Error('the Gateway has no Service');
  return port;
}

async function requestsPerMinute(): Promise<{ readonly requests: number; readonly watches: number }> {
  const before = await readCounts();
  const began = performance.now();
  await sleep(quick ? 5_000 : 30_000);
  const after = await readCounts();
  return {
    requests: ((after.requests - before.requests) * 60_000) / (performance.now() - began),
    watches: after.watches,
  };
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0);
}
