/** The admin and health endpoints, over HTTP. They run in the services thread: a scrape or a dump stalls neither a worker nor the controller. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { HostPort } from '../config/value.ts';

export interface Health {
  /** Every worker serves the first configuration. */
  readonly ready: boolean;
  /** The last known good configuration is served, because the source did not answer. */
  readonly degraded: boolean;
  readonly draining: boolean;
  /** Objects that could not be read for a while, and why. */
  readonly unread?: readonly { readonly collection: string; readonly message: string }[];
}

export const debugPages = ['config', 'routes', 'endpoints', 'certs', 'statuses', 'problems'] as const;
export type DebugPage = (typeof debugPages)[number];

export interface AdminOptions {
  readonly address: HostPort;
  /** false: only /livez, /readyz and /metrics, for probes and scrapers that others can reach. */
  readonly everything: boolean;
  readonly health: () => Health;
  /** Prometheus text. */
  readonly metrics: () => string;
  /** JSON text of a page; rejects when the controller does not answer. */
  readonly inspect: (page: DebugPage) => Promise<string>;
}

export interface AdminServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Rejects with the system's error if the address cannot be bound. */
export async function startAdminServer(options: AdminOptions): Promise<AdminServer> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch((error: unknown) =>
      send(response, 503, `the controller does not answer: ${Error.isError(error) ? error.message : String(error)}\n`),
    );
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  const port = await listen(server, options.address);
  return {
    port,
    close() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeAllConnections();
      return promise;
    },
  };
}

async function answer(options: AdminOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    send(response, 405, 'only GET and HEAD\n');
    return;
  }
  const [path = '/'] = (request.url ?? '/').split('?', 1);
  switch (path) {
    case '/livez':
      // As long as this thread answers the process is alive; a worker that hangs is replaced, not probed.
      return send(response, 200, 'ok\n');
    case '/readyz':
      return sendReadiness(response, options.health());
    case '/metrics':
      return send(response, 200, options.metrics(), 'text/plain; version=0.0.4; charset=utf-8');
  }
  const page = debugPages.find((page) => path === `/debug/${page}`);
  if (options.everything && page !== undefined) {
    return send(response, 200, await options.inspect(page), 'application/json; charset=utf-8');
  }
  send(response, 404, `not found; there is ${pathsOf(options.everything).join(' ')}\n`);
}

function sendReadiness(response: ServerResponse, { ready, degraded, draining, unread = [] }: Health): void {
  if (draining) return send(response, 503, 'draining\n');
  const reasons = unread.map(({ collection, message }) => `${collection} cannot be read: ${line(message)}\n`).join('');
  if (!ready) return send(response, 503, `not ready: the first configuration is not served yet\n${reasons}`);
  if (degraded) return send(response, 200, `degraded: serving the last known good configuration\n${reasons}`);
  send(response, 200, reasons === '' ? 'ok\n' : `ok, but not all changes arrive\n${reasons}`);
}

/** What a proxy in between answered may be a page. */
function line(message: string): string {
  return message.replace(/\s+/g, ' ').slice(0, 200);
}

function pathsOf(everything: boolean): readonly string[] {
  return ['/livez', '/readyz', '/metrics', ...(everything ? debugPages.map((page) => `/debug/${page}`) : [])];
}

function send(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}

function listen(server: Server, { host, port }: HostPort): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', reject);
  server.listen(host === '' ? { port } : { port, host }, () => {
    const bound = server.address();
    resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
  });
  return promise;
}
