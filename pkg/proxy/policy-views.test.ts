/** What policies see and change of an exchange, on real sockets: refusals, identity, method, query, status. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Exchange, RuntimeFilter } from '../policy/runtime.ts';
import { reply } from '../testkit/origin.ts';
import { filtered, get, post, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

const onRequest = (phase: (exchange: Exchange) => void): RuntimeFilter => ({ onRequest: phase });

describe.each(transports)('on the %s transport', (_, transport) => {
  describe('deny', () => {
    test.each([
      ['unauthenticated', 401, { 'WWW-Authenticate': 'Bearer realm="a"' }],
      ['forbidden', 403, {}],
      ['method-denied', 405, { allow: 'GET' }],
      ['policy-unavailable', 503, { 'retry-after': '7' }],
    ] as const)('%s is %i, in problem details and in the log', async (code, status, headers) => {
      const deny = onRequest((exchange) => exchange.deny(code, headers));
      const { client, proxy, origin } = await stage.scene(transport, filtered(deny));
      client.send(get('/'));
      const answer = await client.message();
      expect(answer.startLine).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(answer.header('content-type')).toBe('application/problem+json');
      expect(JSON.parse(String(answer.body))).toMatchObject({ status, code });
      for (const [name, value] of Object.entries(headers)) expect(answer.header(name)).toBe(value);
      expect(await proxy.recorded(1)).toMatchObject({ status, flag: 'UAEX', attempts: 0 });
      expect(origin.connections).toHaveLength(0);
    });

    test('later filters do not run, and response phases such as CORS do', async () => {
      const ran: string[] = [];
      const { client } = await stage.scene(
        transport,
        filtered(
          { onResponse: (exchange) => exchange.response.headers.set('Access-Control-Allow-Origin', '*') },
          onRequest((exchange) => exchange.deny('forbidden')),
          onRequest(() => void ran.push('later')),
        ),
      );
      client.send(get('/'));
      expect((await client.message()).header('access-control-allow-origin')).toBe('*');
      expect(ran).toEqual([]);
    });

    test('comes too late in a response phase: the answer is a 500', async () => {
      const late: RuntimeFilter = { onResponse: (exchange) => exchange.deny('forbidden') };
      const { client, proxy } = await stage.scene(transport, filtered(late));
      client.send(get('/'));
      expect((await client.message()).startLine).toBe('HTTP/1.1 500 Internal Server Error');
      expect((await proxy.recorded(1)).flag).toBe('FE');
      expect(proxy.faults).toHaveLength(1);
    });
  });

  test('an identity is logged, and is not that of the next request on the connection', async () => {
    const seen: unknown[] = [];
    const authenticate = onRequest((exchange) => {
      seen.push(exchange.identity);
      if (exchange.request.path !== '/alice') return;
      exchange.identity = {
        method: 'JWT',
        provider: 'idp',
        subject: `alice${'x'.repeat(1_000)}`,
        tenant: 'acme',
        scopes: [],
        roles: [],
        claims: {},
      };
    });
    const { client, proxy } = await stage.scene(transport, filtered(authenticate));
    client.send(get('/alice'));
    await client.message();
    client.send(get('/nobody'));
    await client.message();
    await proxy.recorded(2);
    expect(seen).toEqual([null, null]);
    expect(proxy.records[0]).toMatchObject({ tenant: 'acme', authMethod: 'JWT', authProvider: 'idp' });
    expect(proxy.records[0]!.identity).toMatch(/^alicex{251}$/);
    expect(proxy.records[1]).toMatchObject({ identity: '', tenant: '', authMethod: '', authProvider: '' });
  });

  test('query and cookies are read, decoded once', async () => {
    const seen: unknown[] = [];
    const look = onRequest(({ request }) => {
      seen.push(request.queryParam('a'), request.queryParam('none'), request.cookie('s'), request.cookie('t'));
    });
    const { client } = await stage.scene(transport, filtered(look));
    client.send(get('/?a=%2541+b&a=2', 'Cookie: r=1; s="x y"', 'Cookie: s=2'));
    await client.message();
    expect(seen).toEqual(['%41 b', undefined, 'x y', undefined]);
  });

  describe.each(['Auto', 'Undici'] as const)('by lane %s', (lane) => {
    const cluster = { lane };

    test('another query and method go upstream; what was received is what policies and logs see', async () => {
      const seen: unknown[] = [];
      const change: RuntimeFilter = {
        onRequest({ request }) {
          request.setForwardQuery('?b=2');
          request.setForwardMethod('PUT');
        },
        onResponse: ({ request }) => void seen.push(request.method, request.query, request.queryParam('a')),
      };
      const { client, origin, proxy } = await stage.scene(transport, { ...filtered(change), cluster });
      client.send(post('body').replace('POST /', 'POST /x%2fy?a=1'));
      await client.message();
      expect(origin.requests[0]!.startLine).toBe('PUT /x%2fy?b=2 HTTP/1.1');
      expect(String(origin.requests[0]!.body)).toBe('body');
      expect(seen).toEqual(['POST', '?a=1', '1']);
      expect(await proxy.recorded(1)).toMatchObject({ method: 'POST', query: '?a=1' });
    });

    test('a query that is taken away is gone, and the next request has its own again', async () => {
      const change = onRequest(({ request }) => {
        if (request.query === '?a=1') request.setForwardQuery('');
      });
      const { client, origin } = await stage.scene(transport, { ...filtered(change), cluster });
      for (const path of ['/?a=1', '/?b=2']) {
        client.send(get(path));
        await client.message();
      }
      expect(origin.requests.map(({ startLine }) => startLine)).toEqual(['GET / HTTP/1.1', 'GET /?b=2 HTTP/1.1']);
    });

    test('a GET that became a POST says its length, and is not sent twice', async () => {
      let turn = 0;
      const { client, origin, proxy } = await stage.scene(
        transport,
        {
          ...filtered(
            onRequest(({ request }) => {
              if (request.path === '/post') request.setForwardMethod('POST');
            }),
          ),
          cluster,
        },
        (_request, stream) => {
          if (turn++ !== 1) return reply('ok');
          stream.reset();
          return null;
        },
      );
      client.send(get('/'));
      await client.message();
      client.send(get('/post'));
      expect((await client.message()).startLine).toBe('HTTP/1.1 502 Bad Gateway');
      expect(origin.requests.map((request) => [request.startLine, request.header('content-length')])).toEqual([
        ['GET / HTTP/1.1', undefined],
        ['POST /post HTTP/1.1', '0'],
      ]);
      expect((await proxy.recorded(2)).attempts).toBe(1);
    });
  });

  test.each([
    ['a method that is no token', (exchange: Exchange) => exchange.request.setForwardMethod('GET /x')],
    ['a HEAD', (exchange: Exchange) => exchange.request.setForwardMethod('HEAD')],
    ['a CONNECT', (exchange: Exchange) => exchange.request.setForwardMethod('CONNECT')],
    ['a query with a space', (exchange: Exchange) => exchange.request.setForwardQuery('?a b')],
    ['a query without its mark', (exchange: Exchange) => exchange.request.setForwardQuery('a=b')],
    ['a query with a line end', (exchange: Exchange) => exchange.request.setForwardQuery('?a\r\nX: y')],
    ['a host with a line end', (exchange: Exchange) => exchange.request.setForwardHost('a\r\nX: y')],
  ])('%s is a 500, and nothing is forwarded', async (_name, change) => {
    const { client, origin } = await stage.scene(transport, filtered(onRequest(change)));
    client.send(get('/'));
    expect((await client.message()).startLine).toBe('HTTP/1.1 500 Internal Server Error');
    expect(origin.connections).toHaveLength(0);
  });

  test('a HEAD stays one', async () => {
    const change = onRequest(({ request }) => request.setForwardMethod('GET'));
    const { client } = await stage.scene(transport, filtered(change));
    client.send('HEAD / HTTP/1.1\r\nHost: example.com\r\n\r\n');
    expect((await client.message({ head: true })).startLine).toBe('HTTP/1.1 500 Internal Server Error');
  });

  test('another status goes to the client, with the body', async () => {
    const change: RuntimeFilter = { onResponse: ({ response }) => response.setStatus(418) };
    const { client, proxy } = await stage.scene(transport, filtered(change));
    client.send(get('/a'));
    const answer = await client.message();
    expect([answer.startLine, String(answer.body)]).toEqual(["HTTP/1.1 418 I'm a Teapot", 'GET /a HTTP/1.1']);
    expect((await proxy.recorded(1)).status).toBe(418);
  });

  test.each([
    [200, 204],
    [200, 304],
    [200, 101],
    [304, 200],
  ])('a %i cannot become a %i', async (from, to) => {
    const change: RuntimeFilter = {
      onResponse: ({ response }) => {
        if (response.status === from) response.setStatus(to);
      },
    };
    const { client } = await stage.scene(
      transport,
      filtered(change),
      () => `HTTP/1.1 ${from} X\r\nContent-Length: 0\r\n\r\n`,
    );
    client.send(get('/'));
    expect((await client.message()).startLine).toBe('HTTP/1.1 500 Internal Server Error');
  });
});
