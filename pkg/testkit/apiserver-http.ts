/** The API server in memory behind HTTPS on loopback, for what speaks to it by sockets. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { KubeError, type KubeRequest } from '../kube/api.ts';
import type { MemoryApiServer } from './apiserver.ts';

export interface HttpApiServer {
  /** `https://127.0.0.1:34567` */
  readonly url: string;
  /** TLS connections accepted so far. */
  connections(): number;
  /** Answers 401 to every other bearer token; null: none is asked for. */
  token: string | null;
  close(): Promise<void>;
}

export async function serveApi(
  api: MemoryApiServer,
  tls: { readonly cert: string; readonly key: string },
): Promise<HttpApiServer> {
  let connections = 0;
  const server = createServer(
    { cert: tls.cert, key: tls.key },
    (request, response) => void answer(api, request, response, served),
  );
  server.on('secureConnection', () => connections++);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const served: HttpApiServer = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    token: null,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return served;
}

async function answer(
  api: MemoryApiServer,
  incoming: IncomingMessage,
  response: ServerResponse,
  { token }: HttpApiServer,
): Promise<void> {
  const url = new URL(incoming.url ?? '/', 'https://api');
  const life = new AbortController();
  response.on('close', () => life.abort());
  try {
    if (token !== null && incoming.headers.authorization !== `Bearer ${token}`)
      throw new KubeError('Unauthorized', { code: 401, reason: 'Unauthorized' });
    const request = await requestOf(incoming, url, life.signal);
    if (request.query?.['watch'] !== '1') {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(await api.send(request)));
      return;
    }
    const events = api.watch(request)[Symbol.asyncIterator]();
    let next = events.next();
    // A refusal comes at once, and is an answer; a watch begins although nothing happens.
    await Promise.race([next, new Promise(setImmediate)]);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (let event = await next; event.done !== true; event = await next) {
      response.write(`${JSON.stringify(event.value)}\n`);
      next = events.next();
    }
    response.end();
  } catch (error) {
    const { code, reason, message, retryAfter } =
      error instanceof KubeError ? error : new KubeError(String(error), { code: 500 });
    if (response.headersSent || code === 0) {
      response.destroy();
      return;
    }
    response.writeHead(code, {
      'content-type': 'application/json',
      ...(retryAfter > 0 && { 'retry-after': String(retryAfter) }),
    });
    response.end(JSON.stringify({ kind: 'Status', status: 'Failure', code, reason, message }));
  }
}

async function requestOf(incoming: IncomingMessage, url: URL, signal: AbortSignal): Promise<KubeRequest> {
  const parts: Buffer[] = [];
  for await (const part of incoming as AsyncIterable<Buffer>) parts.push(part);
  const text = Buffer.concat(parts).toString('utf8');
  return {
    method: incoming.method as KubeRequest['method'],
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    ...(text !== '' && { body: JSON.parse(text) as unknown }),
    contentType: incoming.headers['content-type'] ?? 'application/json',
    accept: incoming.headers.accept ?? 'application/json',
    signal,
  };
}
