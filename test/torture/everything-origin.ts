/** An origin in the scenario's own process that takes what the others do not: long requests, uploads (answered with their digest), WebSockets. */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { bodyOf, idOf } from './token.ts';

export interface EverythingOrigin {
  readonly port: number;
  /** WebSockets that are open. */
  readonly sockets: number;
  close(): Promise<void>;
}

/**
 * - `GET /…/ID?delay=MS` and HEAD: the bytes of the id, after a while. `fail=1`: 503 to the first request with this id.
 * - `POST /…/ID`: SHA-256 of the body in hexadecimal.
 * - an upgrade: a WebSocket that echoes.
 */
export async function startEverythingOrigin(): Promise<EverythingOrigin> {
  const failed = new Set<number>();
  const webSockets = new WebSocketServer({ noServer: true });
  webSockets.on('connection', (socket) => {
    socket.on('error', () => socket.terminate());
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  const server = createServer((request, response) => answer(failed, request, response));
  // The gateway decides when its connections to an origin end.
  server.keepAliveTimeout = 0;
  server.on('upgrade', (request, socket, head) =>
    webSockets.handleUpgrade(request, socket, head, (opened) => webSockets.emit('connection', opened, request)),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get sockets() {
      return webSockets.clients.size;
    },
    async close() {
      for (const socket of webSockets.clients) socket.terminate();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(failed: Set<number>, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://origin');
  const id = idOf(url.pathname);
  const send = (status: number, body: Buffer | string): void => {
    response.writeHead(status, { 'x-id': id, 'content-length': Buffer.byteLength(body) });
    response.end(body);
  };
  if (request.method === 'POST') {
    const digest = createHash('sha256');
    request.on('data', (chunk: Buffer) => digest.update(chunk));
    request.on('end', () => send(200, digest.digest('hex')));
    return;
  }
  request.resume();
  if (url.searchParams.has('fail') && !failed.has(id)) {
    failed.add(id);
    send(503, 'once more');
    return;
  }
  failed.delete(id);
  const timer = setTimeout(send, Number(url.searchParams.get('delay') ?? 0), 200, bodyOf(id));
  response.on('close', () => clearTimeout(timer));
}
