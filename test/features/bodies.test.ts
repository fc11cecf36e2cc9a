/** Large and slow bodies: constant memory whoever is slow, events at once, and no work for a client that is gone. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openClient } from '../../pkg/testkit/client.ts';
import { type Feature, startFeature } from './feature.ts';
import { baseManifests, routeManifest } from './folder.ts';
import { until } from './until.ts';

const MiB = 1024 * 1024;
const Size = 1024 * MiB;
/** What the gateway may grow by while one side does not move. */
const Allowed = 32 * MiB;

let server: Server;
let feature: Feature;
/** The backend's side of the newest connection, told of with each request head. */
let onRequest: (socket: Socket, head: string) => void = () => undefined;

beforeAll(async () => {
  server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (data) => onRequest(socket, data.toString('latin1')));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const rules = '[{ backendRefs: [{ name: one, port: 8080 }] }]';
  feature = await startFeature({
    'base.yaml': baseManifests({ one: port }),
    'route.yaml': routeManifest('one', rules),
  });
  // Code is compiled and buffers are made before memory is compared.
  onRequest = (socket) => socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok');
  for (let i = 0; i < 20; i++) await feature.ask('http://a.example.com/');
});
afterAll(async () => {
  await feature.stop();
  server.close();
});

async function resident(): Promise<number> {
  const status = await readFile(`/proc/${feature.gateway.process.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** Sends `size` bytes as fast as the other side takes them. */
async function pump(socket: Socket, size: number): Promise<void> {
  const block = Buffer.alloc(256 * 1024, 'x');
  for (let left = size; left > 0; left -= block.length) if (!socket.write(block)) await once(socket, 'drain');
}

/** Waits until `count` stands still: every buffer between the two ends is full. */
async function stalled(count: () => number): Promise<void> {
  for (let before = -1; before !== count(); ) {
    before = count();
    await setTimeout(200);
  }
}

describe.each([
  ['a response to a slow reader', 'GET'],
  ['an upload to a slow backend', 'POST'],
])('1 GiB of %s', (_, method) => {
  test('takes no memory', async () => {
    const accepted = Promise.withResolvers<Socket>();
    onRequest = (socket) => accepted.resolve(socket);
    const client = await openClient(feature.gateway.port(80));
    const download = method === 'GET';
    client.send(
      `${method} /big HTTP/1.1\r\nHost: a.example.com\r\n${download ? '' : `Content-Length: ${Size}\r\n`}\r\n`,
    );
    const backend = await accepted.promise;
    const [source, sink] = download ? [backend, client.socket] : [client.socket, backend];
    // The raw client keeps all it reads; here the bytes are only counted.
    sink.removeAllListeners('data');
    sink.pause();
    if (download) backend.write(`HTTP/1.1 200 OK\r\nContent-Length: ${Size}\r\n\r\n`);

    const before = await resident();
    const sent = pump(source, Size);
    await stalled(() => source.bytesWritten - source.writableLength);
    expect((await resident()) - before).toBeLessThan(Allowed);

    let received = 0;
    sink.on('data', (data) => (received += data.length));
    sink.resume();
    await sent;
    await until(async () => received >= Size);
    expect((await resident()) - before).toBeLessThan(Allowed);
    client.close();
    backend.destroy();
  });
});

test('events arrive one by one, as the backend writes them', async () => {
  const accepted = Promise.withResolvers<Socket>();
  onRequest = (socket) => accepted.resolve(socket);
  const client = await openClient(feature.gateway.port(80));
  client.send('GET /events HTTP/1.1\r\nHost: a.example.com\r\nAccept: text/event-stream\r\n\r\n');
  const backend = await accepted.promise;
  backend.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (const event of ['first', 'second', 'third']) {
    const data = `data: ${event}\n\n`;
    backend.write(`${data.length.toString(16)}\r\n${data}\r\n`);
    await client.until(() => client.received.includes(data) || client.ended);
    expect(client.received.toString('latin1')).toContain(data);
  }
  client.close();
  backend.destroy();
});

test.each([
  ['closes', (client: Awaited<ReturnType<typeof openClient>>) => client.finish()],
  ['resets', (client: Awaited<ReturnType<typeof openClient>>) => client.reset()],
])('a client that %s while it waits ends the request at the backend', async (_, leave) => {
  const accepted = Promise.withResolvers<Socket>();
  onRequest = (socket) => accepted.resolve(socket);
  const client = await openClient(feature.gateway.port(80));
  client.send('GET /wait HTTP/1.1\r\nHost: a.example.com\r\n\r\n');
  const backend = await accepted.promise;
  leave(client);
  if (!backend.destroyed) await once(backend, 'close');
  expect(backend.destroyed).toBe(true);
  client.close();
});
