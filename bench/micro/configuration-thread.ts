/** Thread of compile.ts: a data worker with everything but sockets, which is given configurations and says how long each took. */
import { setTimeout } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { createFilter } from '../../pkg/policy/filters.ts';
import { inertFilterEnv } from '../../pkg/policy/inert-env.ts';
import { Timers } from '../../pkg/proxy/timers.ts';
import { createSocketTransport } from '../../pkg/proxy/transport-socket.ts';
import { createCompiler } from '../../pkg/routing/compile.ts';
import type { RoutingTable } from '../../pkg/routing/table.ts';
import { createClusters } from '../../pkg/upstream/clusters.ts';
import { createDataWorker } from '../../pkg/worker/dataworker.ts';
import type { Delta } from '../../pkg/worker/delta.ts';
import type { EstateRequest } from '../estate.ts';
import type { ConfigurationTask, ConfigurationTimes } from './compile.ts';

const now = (): number => performance.now();
const telemetry = {
  exchange() {},
  connectionOpened() {},
  connectionClosed() {},
  limitHit() {},
  upstreamConnection() {},
  policyDecision() {},
  valueDropped() {},
  tunnel() {},
};

let table: RoutingTable | null = null;
let version = 0;
const timers = new Timers(now);
const worker = createDataWorker({
  compiler: createCompiler({ filter: (filter) => createFilter(filter, inertFilterEnv()) }),
  clusters: createClusters({
    transport: createSocketTransport(timers),
    timers,
    random: Math.random,
    telemetry,
    resolve: async () => [],
  }),
  proxy: {
    async apply(next) {
      table = next;
      return {};
    },
    async drain() {},
    async close() {},
    setTicketKeys() {},
  },
  telemetry: { configure() {}, close() {} },
  close: () => timers.close(),
});

parentPort?.on('message', ({ text, requests }: ConfigurationTask) => void measure(text, requests));

async function measure(text: string, requests: readonly EstateRequest[]): Promise<void> {
  const start = now();
  // As `worker/worker-main.ts` does it.
  await worker.configure(++version, [JSON.parse(text) as Delta], {});
  const applied = now() - start;
  for (const request of requests) find(request);
  const found = now() - start;
  // A worker that serves collects in between; one that is given change after change would pay for all of them at once.
  globalThis.gc?.(requests.length === 10 ? { type: 'minor' } : {});
  await setTimeout(1);
  const { heapUsed, external } = process.memoryUsage();
  parentPort?.postMessage({ applied, found, heap: heapUsed + external } satisfies ConfigurationTimes);
}

function find({ host, path, headers, route }: EstateRequest): void {
  const socket = table?.sockets.values().next().value;
  const rule = socket?.find(
    {
      method: 'GET',
      host,
      path,
      header: (name) => headers[name],
      queryParam: () => undefined,
      cookie: () => undefined,
    },
    null,
  );
  if (typeof rule !== 'object' || rule.routeId !== route) throw new Error(`${host}${path} does not lead to ${route}`);
}
