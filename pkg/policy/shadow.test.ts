/** Shadow mode by the fake exchange: what is decided, and that nothing is done. The proxy's part is tested in pkg/proxy. */
import { describe, expect, test } from '@jest/globals';
import { createExchange, run } from '../testkit/exchange.ts';
import { testFilterEnv } from '../testkit/filter-env.ts';
import { createFilter } from './filters.ts';
import type { Identity } from './identity.ts';
import type { RequestHeadersConfig } from './requestheaders/schema.ts';
import type { BodyTransform, Exchange, Phase, RuntimeFilter } from './runtime.ts';
import { shadow } from './shadow.ts';

const alice: Identity = {
  method: 'JWT',
  provider: 'idp',
  subject: 'alice',
  tenant: '',
  scopes: [],
  roles: [],
  claims: {},
};
const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs a phase as the proxy does, which must not have to wait for it. */
function begin(exchange: Exchange, phase: Phase | undefined): void {
  expect(phase?.(exchange)).toBeUndefined();
}

describe('a filter in shadow mode', () => {
  test.each([
    ['denies', (exchange: Exchange) => exchange.deny('forbidden'), 'p denied forbidden'],
    [
      'answers',
      (exchange: Exchange) => exchange.respond({ status: 429, headers: {}, body: '' }),
      'p denied status-429',
    ],
    [
      'throws',
      () => {
        throw new Error('a bug');
      },
      'p error filter-failed',
    ],
    ['rejects', () => Promise.reject(new Error('a bug')), 'p error filter-failed'],
  ])('that %s is told of, and lets pass', async (_name, onRequest, decision) => {
    const { exchange, seen } = createExchange();
    begin(exchange, shadow({ onRequest }, 'p').onRequest);
    await exchange.observe().pending;
    expect(seen()).toMatchObject({ local: undefined, denied: undefined, decisions: [decision] });
  });

  test('never has the exchange wait', () => {
    const { exchange } = createExchange();
    const { onRequest, onResponse } = shadow({ onRequest: later, onResponse: later }, 'p');
    expect(onRequest?.(exchange)).toBeUndefined();
    expect(onResponse?.(exchange)).toBeUndefined();
  });

  test('has no phases but those of the filter', () => {
    expect(shadow({ onRequest: () => undefined }, 'p')).toEqual({ onRequest: expect.any(Function) });
  });

  test('is closed with it', () => {
    let closed = 0;
    shadow({ close: () => void closed++ }, 'p').close?.();
    expect(closed).toBe(1);
  });

  test('changes nothing', async () => {
    let closed = 0;
    const transform: BodyTransform = {
      data() {},
      end() {},
      close: () => void closed++,
    };
    const eager: RuntimeFilter = {
      onRequest({ request }) {
        request.headers.set('a', 'b');
        request.headers.add('a', 'b');
        request.headers.remove('x');
        request.setForwardPath('/other');
        request.setForwardHost('other');
        request.setForwardQuery('?other');
        request.setForwardMethod('PUT');
        request.setBody(new Uint8Array(3));
      },
      onResponse(exchange) {
        exchange.response.setStatus(500);
        exchange.response.headers.set('a', 'b');
        exchange.transformBody(transform);
        exchange.mirror('c');
        exchange.replaceResponse({ status: 503, headers: {}, body: 'x' });
      },
    };
    const seen = await run(shadow(eager, 'p'), {
      headers: { x: 'y' },
      responseHeaders: { y: 'z' },
      responseBody: 'ok',
    });
    expect(seen).toMatchObject({
      local: undefined,
      status: 200,
      requestHeaders: ['x: y'],
      responseHeaders: ['y: z'],
      forwardPath: '/',
      forwardHost: 'example.org',
      forwardQuery: '',
      forwardMethod: 'GET',
      mirrors: [],
      decisions: ['p denied status-503'],
    });
    expect(String(await seen.responseBody())).toBe('ok');
    expect(closed).toBe(1);
  });

  test('reads what it would read in earnest', async () => {
    const read: unknown[] = [];
    const reader: RuntimeFilter = {
      async onRequest({ request, connection, matchedPrefix, answered }) {
        read.push(request.method, request.path, request.query, request.queryParam('a'), request.cookie('c'));
        read.push(request.headers.get('x'), request.headers.has('y'), connection.address, matchedPrefix, answered);
        read.push(String(await request.readBody(10)));
      },
      onResponse: ({ response }) => void read.push(response.status, response.headers.get('z')),
    };
    const { exchange } = createExchange({
      method: 'POST',
      target: '/p?a=1',
      headers: { x: '1', cookie: 'c=2' },
      matchedPrefix: '/p',
      body: 'abc',
      status: 201,
      responseHeaders: { z: '3' },
    });
    const { onRequest, onResponse } = shadow(reader, 'p');
    begin(exchange, onRequest);
    await exchange.observe().pending;
    begin(exchange, onResponse);
    expect(read).toEqual(['POST', '/p', '?a=1', '1', '2', '1', false, '192.0.2.1', '/p', false, 'abc', 201, '3']);
  });

  test('finds in its second phase what it has kept by the exchange in the first', async () => {
    const kept = new WeakMap<Exchange, string>();
    let found: string | undefined;
    await run(
      shadow(
        {
          onRequest: (exchange) => void kept.set(exchange, 'mine'),
          onResponse: (exchange) => void (found = kept.get(exchange)),
        },
        'p',
      ),
    );
    expect(found).toBe('mine');
  });
});

describe('an identity that was found in shadow mode', () => {
  const authenticate = shadow(
    {
      async onRequest(exchange) {
        await later();
        exchange.identity = alice;
      },
    },
    'authentication',
  );
  const authorize: RuntimeFilter = {
    onRequest: (exchange) => {
      if (exchange.identity === null) exchange.deny('forbidden');
    },
  };

  test('is that of the policies in shadow mode behind it, which wait for it', async () => {
    const { exchange, seen } = createExchange();
    begin(exchange, authenticate.onRequest);
    begin(exchange, shadow(authorize, 'authorization').onRequest);
    await exchange.observe().pending;
    expect(seen()).toMatchObject({ identity: null, decisions: [] });
    expect(exchange.observe().pending).toBeNull();
  });

  test('and so is what it would have asked for', async () => {
    const anonymous: RuntimeFilter = { onRequest: (exchange) => void (exchange.challenge = 'Basic realm="a"') };
    const seen: string[] = [];
    const see: RuntimeFilter = { onRequest: (exchange) => void seen.push(exchange.challenge) };
    const { exchange } = createExchange({ challenge: 'Bearer' });
    for (const filter of [see, anonymous, see])
      begin(exchange, shadow(filter, filter === anonymous ? 'authentication' : 'authorization').onRequest);
    expect([...seen, exchange.challenge]).toEqual(['Bearer', 'Basic realm="a"', 'Bearer']);
  });

  test('is nobody to those that are enforced', async () => {
    const { exchange, seen } = createExchange();
    begin(exchange, authenticate.onRequest);
    await exchange.observe().pending;
    begin(exchange, authorize.onRequest);
    expect(seen().denied).toBe('forbidden');
  });

  test('takes the place of a real one only if there is one', async () => {
    const { exchange, seen } = createExchange({ identity: alice });
    begin(exchange, shadow(authorize, 'authorization').onRequest);
    begin(exchange, shadow({ onRequest: (each) => void (each.identity = null) }, 'authentication').onRequest);
    begin(exchange, shadow(authorize, 'authorization').onRequest);
    expect(seen()).toMatchObject({ identity: alice, decisions: ['authorization denied forbidden'] });
  });
});

describe('a configuration of the IR', () => {
  const config: RequestHeadersConfig = { set: [['X-A', 'b']], add: [], remove: [] };

  test('in shadow mode is a filter in shadow mode', async () => {
    const seen = await run(createFilter({ kind: 'requestHeaders', config, mode: 'Shadow' }, testFilterEnv()));
    expect(seen.requestHeaders).toEqual([]);
  });

  test('else it is enforced, and knows its key', async () => {
    const filter = createFilter({ kind: 'requestHeaders', config }, testFilterEnv());
    expect(filter.policy).toBe('requestHeaders');
    expect((await run(filter)).requestHeaders).toEqual(['X-A: b']);
  });
});
