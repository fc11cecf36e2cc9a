/** What a client sees is the same on both lanes, but for what undici cannot do. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { reply } from '../testkit/origin.ts';
import { get, post, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

const lanes = ['Auto', 'Undici'] as const;
const combinations = transports.flatMap(([name, transport]) => lanes.map((lane) => ({ name, transport, lane })));

describe.each(combinations)('lane $lane on the $name transport', ({ transport, lane }) => {
  const options = { cluster: { lane } };

  test.each(['finish', 'reset'] as const)('a client that leaves (%s) takes its request with it', async (leave) => {
    const { client, origin, proxy } = await stage.scene(transport, options, null);
    client.send(get('/'));
    const upstream = await origin.connection(0);
    await upstream.message();
    client[leave]();
    await upstream.end();
    expect(await proxy.recorded(1)).toMatchObject({ flag: 'DC', status: 499 });
  });

  test.each([0, 1])(
    'so does one that is reset within its response, after %d MiB that it did not read',
    async (size) => {
      const { client, origin, proxy } = await stage.scene(transport, options, null);
      client.send(get('/'));
      const upstream = await origin.connection(0);
      await upstream.message();
      if (size > 0) client.socket.pause();
      upstream.send(`HTTP/1.1 200 OK\r\nContent-Length: ${1 << 30}\r\n\r\nsome`);
      if (size === 0) await client.until(() => client.received.includes('some'));
      upstream.send(Buffer.alloc(size << 20));
      client.reset();
      await upstream.end();
      expect(await proxy.recorded(1)).toMatchObject({ flag: 'DC' });
    },
  );

  test('and one that is reset within its upload', async () => {
    const { client, origin, proxy } = await stage.scene(transport, options, null);
    client.send('POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 1000\r\n\r\nsome');
    const upstream = await origin.connection(0);
    await upstream.until(() => upstream.received.includes('some'));
    client.reset();
    await upstream.end();
    expect(await proxy.recorded(1)).toMatchObject({ flag: 'DC' });
  });

  test('HEAD has the head of GET, no body, and the connection goes on', async () => {
    const { client } = await stage.scene(transport, options, ({ startLine }) =>
      startLine.startsWith('HEAD') ? 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n' : reply('after'),
    );
    client.send('HEAD / HTTP/1.1\r\nHost: example.com\r\n\r\n');
    const head = await client.message({ head: true });
    expect([head.startLine, head.header('content-length')]).toEqual(['HTTP/1.1 200 OK', '5']);
    client.send(get('/'));
    expect(String((await client.message()).body)).toBe('after');
  });

  test('a body that ends with the connection is chunked for HTTP/1.1', async () => {
    const { client, origin } = await stage.scene(transport, options, null);
    client.send(get('/'));
    const upstream = await origin.connection(0);
    await upstream.message();
    upstream.send('HTTP/1.1 200 OK\r\n\r\nuntil the end');
    upstream.finish();
    const response = await client.message();
    expect([String(response.body), response.header('transfer-encoding')]).toEqual(['until the end', 'chunked']);
  });

  test('a body cut short never ends well', async () => {
    const { client, origin } = await stage.scene(transport, options, null);
    client.send(get('/'));
    const upstream = await origin.connection(0);
    await upstream.message();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    upstream.close();
    await expect(client.message()).rejects.toThrow('within a message');
  });

  test('a client that expects 100 sends its body when it is told to, whoever tells it', async () => {
    const { client, origin } = await stage.scene(transport, options, null);
    client.send('POST / HTTP/1.1\r\nHost: example.com\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
    const upstream = await origin.connection(0);
    await upstream.until(() => upstream.received.includes('\r\n\r\n') || lane === 'Undici');
    if (lane === 'Auto') upstream.send('HTTP/1.1 100 Continue\r\n\r\n');
    expect((await client.message()).startLine).toBe('HTTP/1.1 100 Continue');
    client.send('body');
    expect(String((await upstream.message()).body)).toBe('body');
    upstream.send(reply('done'));
    expect(String((await client.message()).body)).toBe('done');
  });

  test('an HTTP/1.0 client gets no 1xx, and its expectation is ignored', async () => {
    const { client } = await stage.scene(transport, options, ({ body }) => {
      const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
      return hints + reply(String(body));
    });
    client.send('POST / HTTP/1.0\r\nHost: example.com\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody');
    const response = await client.message();
    expect([response.startLine, String(response.body)]).toEqual(['HTTP/1.1 200 OK', 'body']);
  });

  test('nobody is there: 503; no HTTP: 502', async () => {
    const { client, proxy } = await stage.scene(transport, options, () => 'SSH-2.0-OpenSSH_9.9\r\n');
    client.send(get('/'));
    expect((await client.message()).startLine).toMatch(/ 502 /);
    await proxy.apply({ backends: [1] });
    client.send(post('body'));
    expect((await client.message()).startLine).toMatch(/ 503 /);
  });
});
