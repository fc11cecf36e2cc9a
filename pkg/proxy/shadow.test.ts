/** Policies in shadow mode on real sockets: they never delay, and never touch the exchange that follows. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { RuntimeFilter } from '../policy/runtime.ts';
import { shadow } from '../policy/shadow.ts';
import { filtered, get, post, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const denying: RuntimeFilter = { onRequest: (exchange) => exchange.deny('forbidden') };

describe.each(transports)('on the %s transport', (_, transport) => {
  test('what it would have done is counted and logged, and the request passes', async () => {
    const broken: RuntimeFilter = {
      onRequest() {
        throw new Error('a bug');
      },
    };
    const { client, proxy } = await stage.scene(
      transport,
      filtered(shadow(denying, 'authorization'), shadow(broken, 'cors')),
    );
    client.send(get('/'));
    expect((await client.message()).startLine).toBe('HTTP/1.1 200 OK');
    expect(await proxy.recorded(1)).toMatchObject({
      status: 200,
      flag: '',
      shadow: 'authorization:forbidden,cors:filter-failed',
    });
    expect(proxy.decisions).toEqual(['authorization Shadow denied forbidden', 'cors Shadow error filter-failed']);
    expect(proxy.faults).toHaveLength(1);
  });

  test('the log line of the next request knows nothing of it', async () => {
    const once: RuntimeFilter = {
      onRequest: (exchange) => {
        if (exchange.request.path === '/denied') exchange.deny('forbidden');
      },
    };
    const { client, proxy } = await stage.scene(transport, filtered(shadow(once, 'authorization')));
    client.send(get('/denied') + get('/fine'));
    await client.message();
    await client.message();
    await proxy.recorded(2);
    expect(proxy.records.map((record) => record.shadow)).toEqual(['authorization:forbidden', '']);
  });

  test('one that thinks for longer than the exchange still sees its own, and is counted', async () => {
    const release = Promise.withResolvers<void>();
    const seen = new Map<string, unknown[]>();
    const see = (path: string, ...what: readonly unknown[]) => seen.set(path, [...(seen.get(path) ?? []), ...what]);
    const slow: RuntimeFilter = {
      async onRequest({ request, connection }) {
        await release.promise;
        const { headers, method, path, query } = request;
        see(path, method, query, headers.get('x-a'), headers.has('x-b'), request.cookie('c'));
        see(path, headers.get('x-forwarded-for'), headers.get('x-added'), connection.address);
        see(path, await request.readBody(10).catch((error: Error) => error.message));
      },
      async onResponse({ request, response }) {
        see(request.path, response.status, response.headers.get('x-c'), response.headers.has('x-late'));
      },
    };
    const denies: RuntimeFilter = { onRequest: (exchange) => exchange.deny('forbidden') };
    const { client, proxy } = await stage.scene(
      transport,
      filtered(
        {
          onRequest: ({ request }) => request.headers.set('X-Added', 'before'),
          onResponse: ({ response }) => response.headers.set('X-Late', 'no'),
        },
        shadow(slow, 'authentication'),
        shadow(denies, 'authorization'),
        { onRequest: ({ request }) => request.headers.set('X-Added', 'after') },
      ),
      () => 'HTTP/1.1 201 Made\r\nContent-Length: 0\r\nX-C: c\r\n\r\n',
    );
    client.send(get('/one?q=1', 'X-A: a', 'Cookie: c=1'));
    await client.message();
    client.send(get('/two?q=2', 'X-A: b', 'X-B: b', 'Cookie: c=2'));
    await client.message();
    await proxy.recorded(2);
    expect(proxy.decisions).toEqual([]);
    expect(seen.size).toBe(0);
    release.resolve();
    const all = (): number => [...seen.values()].flat().length;
    while (proxy.decisions.length < 2 || all() < 24) await turn();
    const rest = ['127.0.0.1', 'before', '127.0.0.1', 'the exchange is over', 201, 'c', false];
    expect(seen.get('/one')).toEqual(['GET', '?q=1', 'a', false, '1', ...rest]);
    expect(seen.get('/two')).toEqual(['GET', '?q=2', 'b', true, '2', ...rest]);
    expect(proxy.decisions).toEqual(['authorization Shadow denied forbidden', 'authorization Shadow denied forbidden']);
    // Their lines are written.
    expect(proxy.records.map((record) => record.shadow)).toEqual(['', '']);
    expect(proxy.faults).toEqual([]);
  });

  describe('a body', () => {
    function reading(limit: number) {
      const seen: unknown[] = [];
      const filter: RuntimeFilter = {
        async onRequest({ request }) {
          try {
            const body = await request.readBody(limit);
            seen.push(body === null ? null : String(body));
          } catch (error) {
            seen.push((error as Error).message);
          }
        },
      };
      return { seen, filter: shadow(filter, 'validation') };
    }

    test('is read as it goes by, and nobody waits', async () => {
      const { seen, filter } = reading(100);
      const { client, origin } = await stage.scene(transport, filtered(filter));
      client.send(post('hello').slice(0, -2));
      const upstream = await origin.connection(0);
      await upstream.until(() => upstream.received.includes('hel'));
      client.send('lo');
      await client.message();
      expect(seen).toEqual(['hello']);
      expect(String(origin.requests[0]!.body)).toBe('hello');
    });

    test.each([
      ['with a length', post('hello')],
      ['in chunks', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
    ])('that is too long %s is null', async (_name, request) => {
      const { seen, filter } = reading(4);
      const { client, origin } = await stage.scene(transport, filtered(filter));
      client.send(request);
      await client.message();
      expect(seen).toEqual([null]);
      expect(String(origin.requests[0]!.body)).toBe('hello');
    });

    test.each([
      ['with a length', post('hello')],
      ['in chunks', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
    ])('%s that is longer than a policy allows is told of, and passes', async (_name, request) => {
      const limiting: RuntimeFilter = {
        onRequest: (exchange) => {
          if (!exchange.request.limitBody(4)) exchange.deny('body-too-large');
        },
      };
      const { client, origin, proxy } = await stage.scene(transport, filtered(shadow(limiting, 'requestLimits')));
      client.send(request);
      expect((await client.message()).startLine).toBe('HTTP/1.1 200 OK');
      expect(String(origin.requests[0]!.body)).toBe('hello');
      expect(await proxy.recorded(1)).toMatchObject({ shadow: 'requestLimits:body-too-large' });
    });

    test.each([
      ['with a length', post('hello')],
      ['in chunks', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
    ])('%s is judged, too, by a policy whose turn comes when it has gone by', async (_name, request) => {
      const release = Promise.withResolvers<void>();
      const slow: RuntimeFilter = { onRequest: () => release.promise };
      const limiting = (limit: number): RuntimeFilter => ({
        onRequest: (exchange) => {
          if (!exchange.request.limitBody(limit)) exchange.deny('body-too-large');
        },
      });
      const { client, proxy } = await stage.scene(
        transport,
        filtered(shadow(slow, 'authentication'), shadow(limiting(4), 'small'), shadow(limiting(5), 'large')),
      );
      client.send(request);
      await client.message();
      await proxy.recorded(1);
      // The next request uses the same instances.
      client.send(get('/'));
      await client.message();
      await proxy.recorded(2);
      release.resolve();
      while (proxy.decisions.length < 1) await turn();
      for (let i = 0; i < 5; i++) await turn();
      expect(proxy.decisions).toEqual(['small Shadow denied body-too-large']);
    });

    test('that a policy has read is there', async () => {
      const { seen, filter } = reading(100);
      const enforced: RuntimeFilter = {
        async onRequest({ request }) {
          await request.readBody(100);
        },
      };
      const { client } = await stage.scene(transport, filtered(enforced, filter));
      client.send(post('hello'));
      await client.message();
      expect(seen).toEqual(['hello']);
    });

    test('that does not come is given up with the request', async () => {
      const { seen, filter } = reading(100);
      const { client, proxy } = await stage.scene(transport, filtered(filter));
      client.send(post('hello').slice(0, -2));
      client.reset();
      await proxy.recorded(1);
      await turn();
      expect(seen).toEqual(['the request has ended before its body was read']);
      expect(proxy.faults).toEqual([]);
    });
  });
});

describe('what is enforced is counted under the key of its policy', () => {
  const [, transport] = transports[0]!;
  const named = (policy: string, filter: RuntimeFilter): RuntimeFilter => ({ ...filter, policy });
  const throwing = (): never => {
    throw new Error('a bug');
  };
  const passing: RuntimeFilter = { onRequest: () => undefined, onResponse: () => undefined };
  const later: RuntimeFilter = {
    async onRequest(exchange) {
      await turn();
      exchange.deny('unauthenticated');
    },
  };

  test.each([
    ['a denial', [named('a', passing), named('b', denying)], ['b Enforce denied forbidden']],
    ['one that comes later', [named('a', passing), named('b', later)], ['b Enforce denied unauthenticated']],
    ['a throw', [named('a', passing), named('b', { onRequest: throwing })], ['b Enforce error filter-failed']],
    [
      'a throw on the way back',
      [named('a', { onResponse: throwing }), named('b', passing)],
      ['a Enforce error filter-failed'],
    ],
    ['an answer', [named('a', { onRequest: (e) => e.respond({ status: 200, headers: {}, body: '' }) })], []],
    ['no policy', [denying], []],
  ])('%s', async (_name, filters: readonly RuntimeFilter[], decisions) => {
    const { client, proxy } = await stage.scene(transport, filtered(...filters));
    for (let i = 1; i <= 2; i++) {
      client.send(get('/'));
      await client.message();
      expect(proxy.decisions).toHaveLength(i * decisions.length);
    }
    expect(proxy.decisions).toEqual([...decisions, ...decisions]);
  });

  test('of the filters of a backend too', async () => {
    const options = filtered(
      named('a', passing),
      named('b', { ...denying, onResponse: () => undefined }),
      named('c', { onResponse: throwing }),
    );
    const { client, proxy } = await stage.scene(transport, {
      ...options,
      rules: [
        {
          filters: ['f0'],
          action: {
            kind: 'forward',
            backends: [{ weight: 1, priority: 0, cluster: 'c0', filters: ['f1', 'f2'] }],
          },
        },
      ],
    });
    client.send(get('/'));
    await client.message();
    expect(proxy.decisions).toEqual(['b Enforce denied forbidden', 'c Enforce error filter-failed']);
  });
});
