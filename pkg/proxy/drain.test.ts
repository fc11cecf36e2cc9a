import { afterEach, describe, expect, test } from '@jest/globals';
import { openClient } from '../testkit/client.ts';
import { reply } from '../testkit/origin.ts';
import { get, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

describe.each(transports)('draining on the %s transport', (_, transport) => {
  test('what runs is finished and told to go, what is idle is closed, nothing new is accepted', async () => {
    const { proxy, client, origin, connect } = await stage.scene(transport, {}, null);
    const idle = await connect();
    client.send(get('/'));
    const upstream = await origin.connection(0);
    await upstream.message();
    const drained = proxy.proxy.drain(0, 10_000);
    await idle.end();
    await expect(openClient(proxy.port)).rejects.toThrow('ECONNREFUSED');
    upstream.send(reply('finished'));
    const response = await client.message();
    expect([String(response.body), response.header('connection')]).toEqual(['finished', 'close']);
    client.close();
    await drained;
    expect(proxy.proxy.stats()).toEqual({ connections: 0, idleConnections: 0, tunnels: 0, draining: true });
  });

  test('during the delay connections are still accepted, and their responses say close', async () => {
    const { proxy, connect } = await stage.scene(transport);
    const drained = proxy.proxy.drain(300, 10_000);
    const late = await connect();
    late.send(get('/'));
    expect((await late.message()).header('connection')).toBe('close');
    await late.end();
    late.close();
    await drained;
  });

  test('at the timeout the rest is cut', async () => {
    const { proxy, client, origin } = await stage.scene(transport, {}, null);
    client.send(get('/'));
    await (await origin.connection(0)).message();
    await proxy.proxy.drain(0, 50);
    await client.end();
    expect(await proxy.recorded(1)).toMatchObject({ flag: 'SD', status: 503 });
  });

  test('a tunnel ends at the timeout', async () => {
    const { proxy, client, origin } = await stage.scene(transport, {}, null);
    client.send(get('/', 'Connection: upgrade', 'Upgrade: echo'));
    const upstream = await origin.connection(0);
    await upstream.message();
    upstream.send('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n');
    await client.message();
    await proxy.proxy.drain(0, 50);
    await Promise.all([client.end(), upstream.end()]);
    expect(proxy.proxy.stats().tunnels).toBe(0);
  });
});

describe.each(transports)('a new table on the %s transport', (_, transport) => {
  test('holds for the next request on connections that are open', async () => {
    const { proxy, client } = await stage.scene(transport);
    client.send(get('/'));
    expect((await client.message()).startLine).toMatch(/200/);
    await proxy.apply({ rules: [] });
    client.send(get('/'));
    expect((await client.message()).startLine).toMatch(/404/);
  });

  test('leaves exchanges under way alone', async () => {
    const { proxy, client, origin } = await stage.scene(transport, {}, null);
    client.send(get('/'));
    const upstream = await origin.connection(0);
    await upstream.message();
    await proxy.apply({ rules: [], backends: [] });
    upstream.send(reply('still'));
    expect(String((await client.message()).body)).toBe('still');
  });

  test('names the sockets that could not be bound, and why', async () => {
    const { proxy, client } = await stage.scene(transport);
    const unbound = await proxy.apply({ sockets: { taken: { port: proxy.port } } });
    expect(unbound).toEqual({ taken: expect.stringContaining('EADDRINUSE') });
    client.send(get('/'));
    expect((await client.message()).startLine).toMatch(/200/);
  });

  test('closes a socket that it names no more, and keeps its connections', async () => {
    const { proxy, client } = await stage.scene(transport);
    client.send(get('/'));
    await client.message();
    await proxy.apply({ unbind: true });
    await expect(openClient(proxy.port)).rejects.toThrow('ECONNREFUSED');
    client.send(get('/'));
    expect((await client.message()).startLine).toMatch(/404/);
  });
});
