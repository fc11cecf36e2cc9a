import { afterEach, describe, expect, test } from '@jest/globals';
import { openClient } from '../testkit/client.ts';
import { get, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

describe.each(transports)('on the %s transport', (_, transport) => {
  test('one connection serves many requests, over one upstream connection', async () => {
    const { proxy, client, origin } = await stage.scene(transport);
    for (let i = 0; i < 5; i++) {
      client.send(get(`/${i}`));
      const response = await client.message();
      expect([response.startLine, String(response.body)]).toEqual(['HTTP/1.1 200 OK', `GET /${i} HTTP/1.1`]);
    }
    expect(origin.connections).toHaveLength(1);
    expect(await proxy.recorded(5)).toMatchObject({ status: 200, path: '/4', flag: '', rule: 0, cluster: 'test/c0' });
  });

  test('pipelined requests are answered one after another, in order', async () => {
    const { client } = await stage.scene(transport);
    client.send([0, 1, 2, 3].map((i) => get(`/${i}`)).join(''));
    for (let i = 0; i < 4; i++) expect(String((await client.message()).body)).toBe(`GET /${i} HTTP/1.1`);
  });

  test('a head may come byte by byte', async () => {
    const { client } = await stage.scene(transport);
    for (const byte of get('/slow')) {
      client.send(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(String((await client.message()).body)).toBe('GET /slow HTTP/1.1');
  });

  test('Connection: close ends the connection behind the response', async () => {
    const { client } = await stage.scene(transport);
    client.send(get('/', 'Connection: close'));
    expect((await client.message()).header('connection')).toBe('close');
    expect(await client.end()).toHaveLength(0);
  });

  test('a connection is closed once, whoever wants it closed', async () => {
    const { proxy, client, origin } = await stage.scene(transport);
    client.send(get('/', 'Connection: close'));
    await client.end();
    const second = stage.own(await openClient(proxy.port));
    second.send(get('/'));
    await second.message();
    second.close();
    const third = stage.own(await openClient(proxy.port));
    third.send(get('/'));
    await third.message();
    while (proxy.open > 1) await new Promise((resolve) => setImmediate(resolve));
    expect(proxy.open).toBe(1);
    expect(proxy.proxy.stats()).toMatchObject({ connections: 1, idleConnections: 1 });
    expect(origin.requests).toHaveLength(3);
  });

  test('HTTP/1.0 closes, unless it asks to keep the connection', async () => {
    const { client } = await stage.scene(transport);
    client.send('GET / HTTP/1.0\r\nHost: example.com\r\nConnection: keep-alive\r\n\r\n');
    const kept = await client.message();
    expect([kept.startLine, kept.header('connection')]).toEqual(['HTTP/1.1 200 OK', 'keep-alive']);
    client.send('GET / HTTP/1.0\r\nHost: example.com\r\n\r\n');
    expect((await client.message()).header('connection')).toBe('close');
    await client.end();
  });

  test('the last request that a connection may serve says so', async () => {
    const { client } = await stage.scene(transport, { settings: { limits: { requestsPerConnection: 2 } } });
    client.send(get('/1'));
    expect((await client.message()).header('connection')).toBeUndefined();
    client.send(get('/2'));
    expect((await client.message()).header('connection')).toBe('close');
    await client.end();
  });

  test('an idle connection is closed', async () => {
    const { client } = await stage.scene(transport, { settings: { timeouts: { idle: 50 } } });
    client.send(get('/'));
    await client.message();
    expect(await client.end()).toHaveLength(0);
  });

  test('OPTIONS * is answered here', async () => {
    const { client, origin } = await stage.scene(transport);
    client.send('OPTIONS * HTTP/1.1\r\nHost: example.com\r\n\r\n');
    const response = await client.message();
    expect(response.startLine).toBe('HTTP/1.1 204 No Content');
    expect(response.header('allow')).toContain('OPTIONS');
    expect(origin.requests).toHaveLength(0);
  });

  test('an absolute-form target names the host, and is forwarded in origin-form', async () => {
    const { client, origin } = await stage.scene(transport);
    client.send('GET http://other.example/a?b HTTP/1.1\r\nHost: example.com\r\n\r\n');
    await client.message();
    expect([origin.requests[0]!.startLine, origin.requests[0]!.header('host')]).toEqual([
      'GET /a?b HTTP/1.1',
      'other.example',
    ]);
  });

  test.each(['a b', '', 'user@a', '/example.com', 'a..b'])('nor does it heal the invalid Host %j', async (host) => {
    const { client, origin } = await stage.scene(transport);
    client.send(`GET http://other.example/a HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect((await client.message()).startLine).toBe('HTTP/1.1 400 Bad Request');
    expect(origin.requests).toHaveLength(0);
  });
});
