import { afterEach, describe, expect, test } from '@jest/globals';
import { reply } from '../testkit/origin.ts';
import { get, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

const ask = (...fields: string[]): string => get('/ws', 'Connection: Upgrade', 'Upgrade: websocket', ...fields);
const switching =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Accept: 1\r\n\r\n';

describe.each(transports)('on the %s transport', (_, transport) => {
  test('bytes pass both ways, early ones included, and none goes upstream before its 101', async () => {
    const { client, origin, proxy } = await stage.scene(transport, {}, null);
    client.send(`${ask()}early`);
    const upstream = await origin.connection(0);
    const request = await upstream.message();
    expect([request.header('upgrade'), request.header('connection')]).toEqual(['websocket', 'Upgrade']);
    expect(upstream.received).toHaveLength(0);
    upstream.send(`${switching}hello`);
    const response = await client.message();
    expect([
      response.startLine,
      response.header('upgrade'),
      response.header('connection'),
      response.header('x-accept'),
    ]).toEqual(['HTTP/1.1 101 Switching Protocols', 'websocket', 'Upgrade', '1']);
    expect(String(await client.bytes(5))).toBe('hello');
    expect(String(await upstream.bytes(5))).toBe('early');
    client.send('ping');
    expect(String(await upstream.bytes(4))).toBe('ping');
    upstream.send('pong');
    expect(String(await client.bytes(4))).toBe('pong');
    expect(proxy.proxy.stats()).toMatchObject({ tunnels: 1, connections: 1 });
  });

  test('each side may end before the other', async () => {
    const { client, origin, proxy } = await stage.scene(transport, {}, null);
    client.send(ask());
    const upstream = await origin.connection(0);
    await upstream.message();
    upstream.send(switching);
    await client.message();
    client.send('last words');
    client.finish();
    expect(String(await upstream.end())).toBe('last words');
    upstream.send('answer');
    upstream.finish();
    expect(String(await client.end())).toBe('answer');
    expect(await proxy.recorded(1)).toMatchObject({ status: 101, flag: '', requestBytes: 10, responseBytes: 6 });
    expect(proxy.proxy.stats()).toMatchObject({ tunnels: 0, connections: 0 });
  });

  test('a reset on one side is a reset on the other', async () => {
    const { client, origin, proxy } = await stage.scene(transport, {}, null);
    client.send(ask());
    const upstream = await origin.connection(0);
    await upstream.message();
    upstream.send(switching);
    await client.message();
    upstream.reset();
    await client.end();
    expect(client.error).toBe('ECONNRESET');
    expect(await proxy.recorded(1)).toMatchObject({ flag: 'UC' });
  });

  test('a silent tunnel ends', async () => {
    const { client, origin, proxy } = await stage.scene(transport, { settings: { timeouts: { tunnel: 50 } } }, null);
    client.send(ask());
    const upstream = await origin.connection(0);
    await upstream.message();
    upstream.send(switching);
    await client.message();
    await Promise.all([client.end(), upstream.end()]);
    expect(await proxy.recorded(1)).toMatchObject({ status: 101, flag: 'SI' });
  });

  test('a refused upgrade is an ordinary response, and what came behind it an ordinary request', async () => {
    const { client } = await stage.scene(transport, {}, (request) => reply(request.startLine));
    client.send(ask() + get('/next'));
    expect(String((await client.message()).body)).toBe('GET /ws HTTP/1.1');
    expect(String((await client.message()).body)).toBe('GET /next HTTP/1.1');
  });

  test.each([
    ['h2c', get('/', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__')],
    ['an upgrade with a body', `${get('/', 'Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 2')}hi`],
    ['an upgrade that Connection does not name', get('/', 'Upgrade: websocket')],
  ])('%s is an ordinary request', async (_name, request) => {
    const { client, origin } = await stage.scene(transport);
    client.send(request);
    expect((await client.message()).startLine).toBe('HTTP/1.1 200 OK');
    expect(origin.requests[0]!.header('upgrade')).toBeUndefined();
  });

  test('101 that nobody asked for is no answer', async () => {
    const { client } = await stage.scene(transport, {}, () => switching);
    client.send(get('/'));
    expect((await client.message()).startLine).toBe('HTTP/1.1 502 Bad Gateway');
  });

  test('much data passes at the pace of the slower side', async () => {
    const { client, origin } = await stage.scene(transport, {}, null);
    client.send(ask());
    const upstream = await origin.connection(0);
    await upstream.message();
    upstream.send(switching);
    await client.message();
    const data = Buffer.alloc(4 << 20, 'abcdefgh');
    upstream.socket.pause();
    client.send(data);
    upstream.send(data);
    expect((await client.bytes(data.length)).equals(data)).toBe(true);
    upstream.socket.resume();
    expect((await upstream.bytes(data.length)).equals(data)).toBe(true);
  });
});
