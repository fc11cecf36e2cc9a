import { afterEach, describe, expect, test } from '@jest/globals';
import { reply } from '../testkit/origin.ts';
import { filtered, get, post, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

const head = (...lines: string[]): string => [...lines, '', ''].join('\r\n');

describe.each(transports)('on the %s transport', (_, transport) => {
  test.each([
    ['a bare LF', 'GET / HTTP/1.1\nHost: a\r\n\r\n', 400, 'bad-request'],
    ['no Host', head('GET / HTTP/1.1'), 400, 'bad-request'],
    ['two Hosts', head('GET / HTTP/1.1', 'Host: a', 'Host: b'), 400, 'bad-request'],
    [
      'Content-Length and chunked',
      head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
      400,
      'bad-request',
    ],
    [
      'an unknown coding',
      head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: gzip, chunked'),
      501,
      'coding-unsupported',
    ],
    ['HTTP/2.0', head('GET / HTTP/2.0', 'Host: a'), 505, 'version-unsupported'],
    ['CONNECT', head('CONNECT a:80 HTTP/1.1', 'Host: a'), 405, 'method-not-allowed'],
    [
      'an unknown expectation',
      head('POST / HTTP/1.1', 'Host: a', 'Expect: tea', 'Content-Length: 1'),
      417,
      'expectation-failed',
    ],
    ['an encoded dot segment', head('GET /a/..%2f..%2fadmin HTTP/1.1', 'Host: a'), 400, 'path-invalid'],
    ['a long target', head(`GET /${'a'.repeat(9_000)} HTTP/1.1`, 'Host: a'), 414, 'uri-too-long'],
    ['a target without end', `GET /${'a'.repeat(20_000)}`, 414, 'uri-too-long'],
    ['a long field', head('GET / HTTP/1.1', 'Host: a', `X: ${'a'.repeat(20_000)}`), 431, 'headers-too-large'],
    ['many fields', head('GET / HTTP/1.1', 'Host: a', ...Array<string>(110).fill('X: 1')), 431, 'headers-too-large'],
  ])('%s is refused, and the connection closed', async (_name, request, status, code) => {
    const { client, origin, proxy } = await stage.scene(transport);
    client.send(request);
    const response = await client.message();
    expect(response.startLine).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(response.header('connection')).toBe('close');
    expect(response.header('content-type')).toBe('application/problem+json');
    expect(JSON.parse(String(response.body))).toMatchObject({ status, code });
    await client.end();
    expect([client.error, origin.connections.length]).toEqual([null, 0]);
    expect(await proxy.recorded(1)).toMatchObject({ status });
  });

  test.each([
    ['a head that is no HTTP', '\0\r\n\r\n'],
    ['two lengths', head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 1', 'Content-Length: 1')],
    ['many fields', head('GET / HTTP/1.1', 'Host: a', ...Array<string>(110).fill('X: 1'))],
    ['an unknown expectation', head('POST / HTTP/1.1', 'Host: a', 'Expect: tea', 'Content-Length: 1')],
  ])('%s is logged with nothing of the request before', async (_name, request) => {
    const { client, connect, proxy } = await stage.scene(transport, {
      settings: { client: { trustedCIDRs: ['127.0.0.1'] } },
    });
    client.send(get('/secret?token=1', 'X-Forwarded-For: 192.0.2.7'));
    await client.message();
    expect(await proxy.recorded(1)).toMatchObject({ clientAddress: '192.0.2.7', path: '/secret' });
    const other = await connect();
    other.send(request);
    await other.message();
    expect(await proxy.recorded(2)).toMatchObject({ clientAddress: '127.0.0.1', host: '', path: '', query: '' });
  });

  test('a valid request is answered before the garbage behind it', async () => {
    const { client } = await stage.scene(transport);
    client.send(`${get('/good')}\0\x01 garbage\r\n\r\n`);
    expect(String((await client.message()).body)).toBe('GET /good HTTP/1.1');
    expect((await client.message()).startLine).toBe('HTTP/1.1 400 Bad Request');
    await client.end();
  });

  test('a broken chunk ends the exchange, and nothing that could be taken for a whole body went upstream', async () => {
    const { client, origin } = await stage.scene(transport, {}, null);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    const upstream = await origin.connection(0);
    await upstream.until(() => upstream.received.includes('abc'));
    client.send('zz\r\n');
    expect((await client.message()).startLine).toBe('HTTP/1.1 400 Bad Request');
    await upstream.end();
    expect(upstream.received.toString('latin1')).not.toContain('0\r\n\r\n');
  });

  test.each([
    ['text/html,*/*;q=0.8', 'text/html; charset=utf-8', /<h1>500<\/h1>/],
    ['text/plain', 'text/plain; charset=utf-8', /^500 .*\(backend-invalid\)/],
    ['image/png', 'application/problem+json', /"code":"backend-invalid"/],
  ])('Accept %s is answered in its type', async (accept, type, body) => {
    const { client } = await stage.scene(transport, { backends: [] });
    client.send(get('/', `Accept: ${accept}`));
    const response = await client.message();
    expect(response.header('content-type')).toBe(type);
    expect(String(response.body)).toMatch(body);
    expect(response.header('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
  });

  test('an error keeps the connection, and HEAD gets no body', async () => {
    const { client } = await stage.scene(transport, { rules: [] });
    client.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
    const response = await client.message({ head: true });
    expect(response.startLine).toBe('HTTP/1.1 404 Not Found');
    expect(Number(response.header('content-length'))).toBeGreaterThan(0);
    client.send(get('/'));
    expect((await client.message()).startLine).toBe('HTTP/1.1 404 Not Found');
  });

  test('no connection is 503, an invalid answer 502', async () => {
    const closed = await stage.scene(transport);
    await closed.origin.close();
    closed.client.send(get('/'));
    expect((await closed.client.message()).startLine).toBe('HTTP/1.1 503 Service Unavailable');
    expect(await closed.proxy.recorded(1)).toMatchObject({ flag: 'UF', status: 503 });
    const invalid = await stage.scene(
      transport,
      {},
      () => 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    );
    invalid.client.send(get('/'));
    expect((await invalid.client.message()).startLine).toBe('HTTP/1.1 502 Bad Gateway');
    expect(await invalid.proxy.recorded(1)).toMatchObject({ flag: 'UPE' });
  });

  test.each([
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
  ])('a response with %s that breaks off is no whole one for the client either', async (_name, half) => {
    const { client, proxy } = await stage.scene(transport, {}, (_request, stream) => {
      stream.send(half);
      stream.finish();
      return null;
    });
    client.send(get('/'));
    await expect(client.message()).rejects.toThrow('within a message');
    expect(client.error).toBe('ECONNRESET');
    expect(await proxy.recorded(1)).toMatchObject({ status: 200, flag: 'UC' });
  });

  test.each(['finish', 'reset'] as const)(
    'a client that leaves (%s) takes its upstream request with it',
    async (leave) => {
      const { client, origin, proxy } = await stage.scene(transport, {}, null);
      client.send(get('/'));
      const upstream = await origin.connection(0);
      await upstream.message();
      client[leave]();
      await upstream.end();
      expect(await proxy.recorded(1)).toMatchObject({ flag: 'DC', status: 499 });
    },
  );

  test('a half-closed client gets its answer where the setting says so', async () => {
    const { client, origin } = await stage.scene(transport, { settings: { client: { halfClose: 'Answer' } } }, null);
    client.send(get('/'));
    const upstream = await origin.connection(0);
    await upstream.message();
    client.finish();
    upstream.send(reply('still here'));
    expect(String((await client.message()).body)).toBe('still here');
    await client.end();
  });

  test.each(['onRequest', 'onResponse'] as const)(
    'a filter that throws in %s costs that exchange a 500',
    async (phase) => {
      const { client, proxy } = await stage.scene(transport, {
        rules: [{ filters: ['bad'] }],
        runtimeFilters: {
          bad: {
            [phase]: () => {
              throw new Error('a bug');
            },
          },
        },
      });
      client.send(get('/'));
      const response = await client.message();
      expect(JSON.parse(String(response.body))).toMatchObject({ status: 500, code: 'filter-failed' });
      expect(proxy.faults).toHaveLength(1);
    },
  );

  test('the 500 of a request phase that throws passes the response phases: a page may read it', async () => {
    const { client, proxy } = await stage.scene(
      transport,
      filtered(
        { onResponse: ({ response }) => response.headers.set('x-cors', '1') },
        {
          onRequest: () => {
            throw new Error('a bug');
          },
        },
      ),
    );
    client.send(get('/'));
    const response = await client.message();
    expect([response.startLine, response.header('x-cors')]).toEqual(['HTTP/1.1 500 Internal Server Error', '1']);
    expect(proxy.faults).toHaveLength(1);
  });

  test('TRACE is forwarded by a match that names it, and by no other', async () => {
    const match = { headers: [], queryParams: [], cookies: [] };
    const prefix = (value: string) => ({ kind: 'PathPrefix' as const, value });
    const { client, origin } = await stage.scene(transport, {
      rules: [
        {
          matches: [
            { ...match, path: prefix('/'), method: 'TRACE' },
            { ...match, path: prefix('/all') },
          ],
        },
      ],
    });
    client.send(head('TRACE /all HTTP/1.1', 'Host: a') + head('TRACE / HTTP/1.1', 'Host: a'));
    const refused = await client.message();
    expect([refused.startLine, refused.header('allow')]).toEqual([
      'HTTP/1.1 405 Method Not Allowed',
      'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
    ]);
    expect((await client.message()).startLine).toBe('HTTP/1.1 200 OK');
    expect(origin.requests.map(({ startLine }) => startLine)).toEqual(['TRACE / HTTP/1.1']);
  });

  test.each(['onRequest', 'onResponse'] as const)('a filter may wait in %s, with bodies both ways', async (phase) => {
    const { client, origin } = await stage.scene(transport, {
      rules: [{ filters: ['slow'] }],
      runtimeFilters: {
        slow: {
          [phase]: async () => {
            await new Promise((resolve) => setTimeout(resolve, 5));
          },
        },
      },
    });
    client.send(post('one') + post('two'));
    for (let i = 0; i < 2; i++) expect(String((await client.message()).body)).toBe('POST / HTTP/1.1');
    expect(origin.requests.map(({ body }) => String(body))).toEqual(['one', 'two']);
  });
});
