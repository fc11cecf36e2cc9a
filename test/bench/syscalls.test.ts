/** What a small proxied request asks of the kernel: two reads and two writes, counted by the kernel itself in the real process. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createSite } from '../../bench/site.ts';
import { gatewayManifests } from '../../bench/targets/gateway.ts';
import { startGateway, type TestGateway } from '../../pkg/testkit/gateway.ts';
import { createFolder, type Folder } from '../features/folder.ts';

const Connections = 64;
const RequestsOfEach = 100;
const request = 'GET /p00/200 HTTP/1.1\r\nHost: h000.bench.example\r\nAccept: */*\r\n\r\n';
const response = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 200\r\n\r\n${'x'.repeat(200)}`;

let origin: Server;
let folder: Folder;
let gateway: TestGateway;
const sockets: Socket[] = [];

beforeAll(async () => {
  origin = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    // A request comes in one piece: it is short, and the gateway writes it at once.
    socket.on('data', () => socket.write(response));
  });
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const { port } = origin.address() as AddressInfo;
  folder = await createFolder({ 'site.yaml': await gatewayManifests(createSite(1, 1), port, 'Service') });
  gateway = await startGateway(folder.path, { workers: 1 });
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  origin.close();
  await gateway.stop();
  await folder[Symbol.asyncDispose]();
});

test('a small request over kept connections takes exactly four system calls on sockets', async () => {
  const clients = await Promise.all(Array.from({ length: Connections }, openClient));
  const askAll = (): Promise<unknown> => Promise.all(clients.map((client) => askInTurn(client, RequestsOfEach)));
  // Connections to the origin are opened, code is compiled.
  await askAll();
  const before = callsOf(gateway.process.pid!);
  await askAll();
  const after = callsOf(gateway.process.pid!);
  for (const client of clients) client.destroy();

  const requests = Connections * RequestsOfEach;
  const used = [...after].map(([thread, { reads, writes }]) => ({
    reads: (reads - (before.get(thread)?.reads ?? 0)) / requests,
    writes: (writes - (before.get(thread)?.writes ?? 0)) / requests,
  }));
  const worker = used.reduce((most, each) => (each.reads + each.writes > most.reads + most.writes ? each : most));
  // Besides come a wake-up now and then from another thread, and a timer.
  expect(worker.reads).toBeCloseTo(2, 1);
  expect(worker.writes).toBeCloseTo(2, 1);
});

async function openClient(): Promise<Socket> {
  const socket = connect({ port: gateway.port(80), host: '127.0.0.1', noDelay: true });
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** One request after the other; rejects if an answer is not the origin's. */
async function askInTurn(socket: Socket, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    socket.write(request);
    let answer = '';
    while (!answer.endsWith('x'.repeat(200))) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      answer += chunk.toString('latin1');
    }
    if (!answer.startsWith('HTTP/1.1 200 ')) throw new Error(answer);
  }
}

/** read(), write() and their like so far, by thread: the kernel counts them in /proc. */
function callsOf(pid: number): Map<number, { readonly reads: number; readonly writes: number }> {
  const calls = new Map<number, { readonly reads: number; readonly writes: number }>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const text = readFileSync(`/proc/${pid}/task/${thread}/io`, 'utf8');
    const count = (name: string): number => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(text)?.[1]);
    calls.set(Number(thread), { reads: count('syscr'), writes: count('syscw') });
  }
  return calls;
}
