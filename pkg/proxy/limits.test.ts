import { closeSync, openSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import { reply } from '../testkit/origin.ts';
import { get, post, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

const started = 'POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 1000\r\n\r\n';

describe.each(transports)('limits on the %s transport', (_, transport) => {
  test.each([
    ['connections', { limits: { connections: 1 } }],
    ['connections', { limits: { connectionsPerListener: 1 } }],
  ])('of %s: one more is told 503 and closed', async (name, settings) => {
    const { proxy, client, connect } = await stage.scene(transport, { settings });
    const second = await connect();
    const response = await second.message();
    expect([response.startLine, response.header('connection')]).toEqual(['HTTP/1.1 503 Service Unavailable', 'close']);
    expect(JSON.parse(String(response.body))).toMatchObject({ code: 'connection-limit' });
    await second.end();
    expect(proxy.limits).toEqual([name]);
    client.send(get('/'));
    expect((await client.message()).startLine).toMatch(/200/);
  });

  test('of descriptors: refused at nine tenths, those that stand are served, and it recovers', async () => {
    const lowest = openSync('/dev/null', 'r');
    closeSync(lowest);
    const descriptorLimit = Math.ceil((lowest + 40) / 0.9);
    const { proxy, connect } = await stage.scene(transport, { descriptorLimit });
    const clients = [];
    while (proxy.limits.length === 0 && clients.length < 100) {
      const client = await connect();
      clients.push(client);
      // Answered, it stands; else it is the one that was refused.
      client.send(get('/'));
      const { startLine } = await client.message();
      expect(startLine).toMatch(proxy.limits.length === 0 ? /200/ : /503/);
    }
    expect(proxy.limits).toEqual(['descriptors']);
    expect(clients.length).toBeGreaterThan(10);
    const standing = clients.slice(0, -1);
    await clients.at(-1)?.end();
    for (const client of standing) {
      client.send(get('/'));
      expect((await client.message()).startLine).toMatch(/200/);
    }
    for (const client of standing.splice(0, 5)) client.close();
    while (proxy.proxy.stats().connections > standing.length + 1) await new Promise((resolve) => setImmediate(resolve));
    const next = await connect();
    next.send(get('/'));
    expect((await next.message()).startLine).toMatch(/200/);
  });

  test('of refusals: a refused client that does not go is made to', async () => {
    const { proxy, client, connect } = await stage.scene(transport, { settings: { limits: { connections: 1 } } });
    const refused = await connect();
    expect((await refused.message()).startLine).toMatch(/503/);
    // Its own FIN never comes; a write after the close is answered by a reset.
    while (!refused.closed) {
      refused.send('x');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(proxy.limits).toEqual(['connections']);
    client.send(get('/'));
    expect((await client.message()).startLine).toMatch(/200/);
  });

  test('a place is free again when its connection has gone', async () => {
    const { proxy, client, connect } = await stage.scene(transport, { settings: { limits: { connections: 1 } } });
    client.send(get('/', 'Connection: close'));
    await client.message();
    client.close();
    while (proxy.proxy.stats().connections > 0) await new Promise((resolve) => setImmediate(resolve));
    const next = await connect();
    next.send(get('/'));
    expect((await next.message()).startLine).toMatch(/200/);
  });

  test('of the body: a length beyond it never goes upstream', async () => {
    const { client, origin, proxy } = await stage.scene(transport, { settings: { limits: { bodyBytes: 4 } } });
    client.send(post('12345'));
    expect((await client.message()).startLine).toMatch(/413/);
    expect([origin.connections.length, proxy.limits]).toEqual([0, ['body-bytes']]);
  });

  test('of the body: chunks beyond it end the exchange', async () => {
    const { client, origin } = await stage.scene(transport, { settings: { limits: { bodyBytes: 4 } } }, null);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    const upstream = await origin.connection(0);
    await upstream.until(() => upstream.received.includes('abc'));
    client.send('3\r\ndef\r\n');
    expect((await client.message()).startLine).toMatch(/413/);
    await client.end();
    await upstream.end();
  });

  test('of time for a head: 408', async () => {
    const { client, proxy } = await stage.scene(transport, { settings: { timeouts: { header: 50 } } });
    client.send('GET / HTTP/1.1\r\nHo');
    expect((await client.message()).startLine).toMatch(/408/);
    await client.end();
    expect(proxy.limits).toEqual(['header-timeout']);
  });

  test('of silence within a body: 408', async () => {
    const { client, origin, proxy } = await stage.scene(transport, { settings: { timeouts: { body: 50 } } });
    client.send(`${started}some`);
    expect((await client.message()).startLine).toMatch(/408/);
    await client.end();
    await (await origin.connection(0)).end();
    expect(proxy.limits).toEqual(['body-timeout']);
  });

  test('of slowness within a body: 408 below the minimum rate', async () => {
    const { client, proxy } = await stage.scene(transport, {
      settings: { timeouts: { body: 50, minBodyRate: 10_000 } },
    });
    client.send(started);
    const trickle = setInterval(() => client.send('x'), 10);
    try {
      expect((await client.message()).startLine).toMatch(/408/);
    } finally {
      clearInterval(trickle);
    }
    expect(proxy.limits).toEqual(['body-timeout']);
  });

  test('of patience with a client that does not read', async () => {
    const { client, origin, proxy } = await stage.scene(transport, { settings: { timeouts: { write: 50 } } }, null);
    client.socket.pause();
    client.send(get('/'));
    const upstream = await origin.connection(0);
    await upstream.message();
    const body = Buffer.alloc(32 << 20);
    upstream.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
    upstream.send(body);
    expect(await proxy.recorded(1)).toMatchObject({ flag: 'DC' });
    expect(proxy.limits).toEqual(['write-timeout']);
    await upstream.end();
  });

  test.each([
    ['headers', get('/', `X: ${'a'.repeat(20_000)}`), 431],
    ['headers', get('/', ...Array<string>(110).fill('X: 1')), 431],
    ['headers', get('/', ...Array<string>(200).fill('X: 1')), 431],
    ['url-length', get(`/${'a'.repeat(9_000)}`), 414],
  ])('of %s: counted', async (name, request, status) => {
    const { client, proxy, origin } = await stage.scene(transport);
    client.send(request);
    expect((await client.message()).startLine).toContain(String(status));
    await client.end();
    expect([proxy.limits, origin.connections.length]).toEqual([[name], 0]);
  });

  test('of requests: the last one says so, and what came behind it is dropped', async () => {
    const { client, proxy } = await stage.scene(transport, { settings: { limits: { requestsPerConnection: 2 } } });
    client.send(get('/1') + get('/2') + get('/3'));
    expect((await client.message()).header('connection')).toBeUndefined();
    expect((await client.message()).header('connection')).toBe('close');
    await client.end();
    expect([proxy.limits, proxy.records.length]).toEqual([['requests-per-connection'], 2]);
  });

  test('of age: an old connection is asked to go', async () => {
    const { client, proxy } = await stage.scene(transport, { settings: { limits: { connectionAge: 1 } } });
    await new Promise((resolve) => setTimeout(resolve, 5));
    client.send(get('/'));
    expect((await client.message()).header('connection')).toBe('close');
    expect(proxy.limits).toEqual(['connection-age']);
  });

  test('a client that pipelines without reading gets no more answers than it takes', async () => {
    const body = 'x'.repeat(32_768);
    const settings = { timeouts: { write: 1_500 } };
    const { client, origin, proxy } = await stage.scene(transport, { settings }, () => reply(body));
    client.socket.pause();
    client.send(get('/').repeat(1_500));
    while (proxy.limits.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(proxy.limits).toEqual(['write-timeout']);
    // As many as the buffers of the system hold: some megabytes.
    expect(origin.requests.length).toBeLessThan(600);
  });

  test('a client that pipelines and reads late gets every answer in order', async () => {
    const body = 'x'.repeat(1 << 18);
    const { client, origin } = await stage.scene(transport, {}, ({ startLine }) => reply(startLine + body));
    client.socket.pause();
    const paths = Array.from({ length: 100 }, (_, i) => `/${i}`);
    client.send(paths.map((path) => get(path)).join(''));
    while (origin.requests.length < 2) await new Promise((resolve) => setImmediate(resolve));
    client.socket.resume();
    for (const path of paths) expect(String((await client.message()).body)).toBe(`GET ${path} HTTP/1.1${body}`);
  });

  test('a client that pipelines without reading is not read without end', async () => {
    const { client, origin } = await stage.scene(transport, {}, null);
    client.send(get('/first'));
    await (await origin.connection(0)).message();
    const many = Buffer.from(get('/more').repeat(10_000));
    let taken = true;
    for (let i = 0; i < 100 && taken; i++) taken = client.socket.write(many);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(client.socket.writableLength).toBeGreaterThan(0);
  });
});
