/** A data worker for the supervisor's tests: real thread, real protocol, real sockets; instead of a proxy it does what the path says. */
import { createServer, type Server, type Socket } from 'node:net';
import { threadId } from 'node:worker_threads';
import type { Feed, JwksValue } from '../../policy/feeds.ts';
import type { FilterServices, Watch } from '../../policy/runtime.ts';
import type { RoutingTable } from '../../routing/table.ts';
import { createDataWorker } from '../dataworker.ts';
import { runDataWorker } from '../worker-main.ts';

const servers = new Map<string, Server>();
const hoard: unknown[] = [];

const feed: Feed<'jwks'> = {
  kind: 'jwks',
  config: { source: { kind: 'uri', uri: 'https://a/' }, authority: null, cacheDuration: 1000, maxStale: 1000 },
};
let watch: Watch<JwksValue> | null = null;

await runDataWorker(async ({ telemetry, services }) =>
  createDataWorker({
    telemetry,
    compiler: {
      close: () => undefined,
      compile: (version, ir) => {
        const sockets = new Map(Object.entries(ir.sockets).map(([id, socket]) => [id, { socket }]));
        return { version, settings: ir.settings.default, sockets } as unknown as RoutingTable;
      },
    },
    clusters: { setEgress: () => undefined, update: () => undefined, close: () => undefined },
    proxy: {
      async apply(table) {
        for (const [id, { socket }] of table.sockets) {
          if (servers.has(id)) continue;
          const server = createServer((connection) => serve(connection, services));
          servers.set(id, server);
          const { promise, resolve } = Promise.withResolvers<void>();
          server.listen({ port: socket.port, host: socket.address, reusePort: true }, resolve);
          await promise;
        }
        return {};
      },
      drain: async () => undefined,
      close: async () => undefined,
      setTicketKeys: () => undefined,
    },
  }),
);

function serve(connection: Socket, services: FilterServices): void {
  connection.on('error', () => undefined);
  connection.on('data', (bytes) => {
    const path = bytes.toString('latin1').split(' ')[1] ?? '/';
    if (path === '/throw') throw new Error('the test asked for it');
    if (path === '/spin') for (;;) hoard.length = 0;
    if (path === '/heap') for (;;) hoard.push({ more: hoard.length, text: `${hoard.length}` });
    void answer(path, services).then((text) =>
      connection.end(`HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\nconnection: close\r\n\r\n${text}`),
    );
  });
}

async function answer(path: string, services: FilterServices): Promise<string> {
  switch (path) {
    case '/watch':
      watch ??= services.watch(feed);
      return (await watch.first(5000)).failure;
    case '/value':
      return watch?.value?.failure ?? 'none';
    case '/ask':
      return String(await services.ask({ kind: 'refresh', question: feed }, 5000).catch((error: Error) => error));
    default:
      return String(threadId);
  }
}
