/** WebSockets through the gateway, with the reference implementation on both ends. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { type Feature, startFeature } from './feature.ts';
import { baseManifests, routeManifest } from './folder.ts';
import { until } from './until.ts';

let feature: Feature;
const server = createServer((_, response) => response.writeHead(403).end('no'));
const sockets = new WebSocketServer({ noServer: true });
sockets.on('connection', (socket) => {
  socket.send('welcome');
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on('close', (code) => closes.push(code));
});
server.on('upgrade', (request, socket, head) => {
  if (request.url === '/refused') socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno');
  else sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit('connection', opened, request));
});
const closes: number[] = [];

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const rules = '[{ backendRefs: [{ name: chat, port: 8080 }] }]';
  feature = await startFeature({
    'base.yaml': baseManifests({ chat: port }),
    'route.yaml': routeManifest('chat', rules),
  });
});
afterAll(async () => {
  await feature.stop();
  for (const client of sockets.clients) client.terminate();
  server.closeAllConnections();
  server.close();
});

function open(path = '/'): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${feature.gateway.port(80)}${path}`, { headers: { host: 'a.example.com' } });
}

/** An open socket, behind the welcome that the backend sends together with its 101. */
async function opened(): Promise<WebSocket> {
  const socket = open();
  const [welcome] = (await once(socket, 'message')) as [Buffer];
  expect(welcome.toString()).toBe('welcome');
  return socket;
}

describe('a WebSocket', () => {
  test.each([
    ['a text', Buffer.from('grüße'), false],
    ['a binary message', Buffer.from([0, 255, 10, 13]), true],
    ['a message of 4 MiB', Buffer.alloc(4 * 1024 * 1024, 'x'), true],
  ])('carries %s both ways', async (_, message, binary) => {
    const socket = await opened();
    socket.send(message, { binary });
    const [echoed, isBinary] = (await once(socket, 'message')) as [Buffer, boolean];
    expect(isBinary).toBe(binary);
    expect(echoed.equals(message)).toBe(true);
    socket.terminate();
  });

  test('passes ping, pong and the close code', async () => {
    const socket = await opened();
    socket.ping('are you there');
    const [pong] = (await once(socket, 'pong')) as [Buffer];
    expect(pong.toString()).toBe('are you there');
    socket.close(4001, 'bye');
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(4001);
    await until(async () => closes.includes(4001));
  });

  test('that the backend refuses is an ordinary answer', async () => {
    const socket = open('/refused');
    const [request, response] = (await once(socket, 'unexpected-response')) as [
      { destroy(): void },
      { statusCode: number },
    ];
    expect(response.statusCode).toBe(401);
    request.destroy();
  });

  test('that the client drops is dropped at the backend', async () => {
    const before = sockets.clients.size;
    const socket = await opened();
    expect(sockets.clients.size).toBe(before + 1);
    socket.terminate();
    await until(async () => sockets.clients.size === before);
  });
});
