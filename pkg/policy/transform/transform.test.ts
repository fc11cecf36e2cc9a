import { describe, expect, test } from '@jest/globals';
import { createExchange, type ExchangeOptions, run, type Seen } from '../../testkit/exchange.ts';
import { type FilterEnvOptions, TestFeed, testFilterEnv } from '../../testkit/filter-env.ts';
import { createMmdb, sharedBytes } from '../../testkit/mmdb.ts';
import { testPolicyContext } from '../../testkit/policy-context.ts';
import type { Identity } from '../identity.ts';
import { isProblems } from '../translated.ts';
import { createTransform } from './filter.ts';
import type { RequestSpec, ResponseSpec, TransformSpec } from './spec.ts';
import { translateTransform } from './translate.ts';

const identity: Identity = {
  method: 'JWT',
  provider: 'corp',
  subject: 'u1',
  tenant: 't1',
  scopes: ['a', 'b'],
  roles: [],
  claims: { name: 'Grüße', evil: 'a\r\nX-Admin: true', nul: 'a\0', long: 'a'.repeat(9_000), number: 7 },
};

test('the country of the client is a value, in requests, responses and bodies', async () => {
  const feed = new TestFeed({
    database: sharedBytes(createMmdb({ '192.0.2.0/24': { country: { iso_code: 'DE' } } })),
    failure: '',
  });
  const spec: TransformSpec = {
    request: {
      headers: { set: [{ name: 'X-Country', expression: 'client.country' }] },
      query: { set: [{ name: 'c', expression: 'client.country' }] },
      body: { set: [{ path: '/c', expression: 'client.country' }] },
    },
    response: { headers: { set: [{ name: 'X-Country', expression: 'client.country' }] } },
  };
  const one = filter(spec, { feed: () => feed });
  expect(feed.watchers).toBe(1);
  const headers = { 'content-type': 'application/json' };
  const seen = await run(one, { clientAddress: '192.0.2.1', headers, body: '{}' });
  expect(seen.requestHeaders).toContain('X-Country: DE');
  expect(seen.forwardQuery).toBe('?c=DE');
  expect(String(seen.requestBody)).toBe('{"c":"DE"}');
  expect(seen.responseHeaders).toEqual(['X-Country: DE']);
  one.close?.();
  expect(feed.watchers).toBe(0);
  expect(translateTransform(spec, 't', testPolicyContext({ hasCountries: false }))).toHaveLength(4);
});

describe('headers of the request', () => {
  test.each<[string, NonNullable<RequestSpec['headers']>, readonly string[]]>([
    ['are removed', { remove: ['x-a'] }, ['X-User: spoofed', 'x_user: spoofed']],
    ['are renamed, and what was there is gone', { remove: ['x-a'], rename: [{ from: 'X-A', to: 'X-User' }] }, []],
    ['keep their value when they are renamed', { rename: [{ from: 'X-A', to: 'X-User' }] }, ['X-User: 1, 2']],
    ['are set to a text', { remove: ['x-a'], set: [{ name: 'X-User', value: 'b' }] }, ['X-User: b']],
    [
      'are set to what is computed',
      { remove: ['x-a'], set: [{ name: 'X-User', expression: 'identity.subject + request.headers["x-a"]' }] },
      ['X-User: u11, 2'],
    ],
    [
      'hold UTF-8',
      { remove: ['x-a'], set: [{ name: 'x-user', expression: 'identity.claims.name' }] },
      ['x-user: Gr\u00c3\u00bc\u00c3\u009fe'],
    ],
    [
      'hold numbers',
      { remove: ['x-a'], set: [{ name: 'x-user', expression: 'identity.claims.number' }] },
      ['x-user: 7'],
    ],
    ['are added', { remove: ['x-user', 'x_user'], add: [{ name: 'x-a', value: '3' }] }, ['X-A: 1', 'X-A: 2', 'x-a: 3']],
  ])('%s', async (_, headers, expected) => {
    expect((await request({ headers })).requestHeaders).toEqual(expected);
  });

  test('that have no value are told of, and no others', async () => {
    const told: string[] = [];
    const set = (...expressions: readonly string[]) =>
      expressions.map((expression, i) => ({ name: `X-${i}`, expression }));
    const spec: TransformSpec = {
      request: {
        headers: {
          set: set('identity.subject', 'identity.claims.evil', 'identity.claims.absent'),
          add: [{ name: 'X-Long', expression: 'identity.claims.long' }],
        },
        query: { set: set('identity.claims.evil', 'identity.claims.absent') },
        cookies: { set: set('identity.claims.evil', 'identity.subject') },
        body: { set: [{ path: '/a~1b/c', expression: 'identity.claims.absent' }] },
      },
      response: {
        headers: { set: set('identity.claims.nul') },
        cookies: { set: set('" "').map((entry) => ({ ...entry, secure: true, httpOnly: true, sameSite: 'Lax' })) },
      },
    };
    const dropped = (place: string, reason: string): void => void told.push(`${place}: ${reason}`);
    await run(filter(spec, { dropped }), { identity, headers: { 'content-type': 'application/json' }, body: '{}' });
    expect(told.toSorted()).toEqual([
      'request body /a/b/c: failed',
      'request cookie X-0: invalid',
      'request header X-1: invalid',
      'request header X-2: failed',
      'request header X-Long: invalid',
      'request query parameter X-1: failed',
      'response cookie X-0: invalid',
      'response header X-0: invalid',
    ]);
  });

  test.each([
    'identity.claims.absent',
    'identity.claims.evil',
    'identity.claims.nul',
    'identity.claims.long',
    'identity.claims.evil.trim()',
    '""',
    'request.headers["x-b"]',
    'connection.certificate.subject',
    'identity.scopes.map(s, identity.claims.long).join() ',
  ])('%s is no value, and what the client sent is gone', async (expression) => {
    const headers = { remove: ['x-a'], set: [{ name: 'X-User', expression }], add: [{ name: 'X-More', expression }] };
    expect((await request({ headers })).requestHeaders).toEqual([]);
  });
});

describe('the rest of the request', () => {
  test.each<[string, NonNullable<RequestSpec['query']>, string, string]>([
    ['removes every spelling', { remove: ['a b'] }, '/?a+b=1&a%20b=2&%61%20b&c=%2f', '?c=%2f'],
    ['sets at the end', { set: [{ name: 'a', value: '1&b=2' }] }, '/?a=0&c&a', '?c&a=1%26b%3D2'],
    ['computes', { set: [{ name: 'tenant', expression: 'identity.tenant' }] }, '/', '?tenant=t1'],
    ['removes what has no value', { set: [{ name: 'tenant', expression: 'identity.claims.x' }] }, '/?tenant=t2', ''],
  ])('query: %s', async (_, query, target, expected) => {
    expect((await request({ query }, { target })).forwardQuery).toBe(expected);
  });

  test('query: what another policy took out stays out', async () => {
    const { exchange, seen } = createExchange({ target: '/?token=secret&a=1' });
    exchange.request.setForwardQuery('?a=1');
    await filter({ request: { query: { set: [{ name: 'b', value: '2' }] } } }).onRequest?.(exchange);
    expect(seen().forwardQuery).toBe('?a=1&b=2');
  });

  test.each<[string, NonNullable<RequestSpec['cookies']>, readonly string[]]>([
    ['removes', { remove: ['b'] }, ['Cookie: a=1; c="3"']],
    ['sets', { set: [{ name: 'a', value: '9' }] }, ['Cookie: b=2; b=3; c="3"; a=9']],
    ['removes what has no value', { remove: ['a', 'c'], set: [{ name: 'b', expression: 'identity.claims.evil' }] }, []],
    ['takes no second cookie', { remove: ['a', 'c'], set: [{ name: 'b', expression: '"1; admin=1"' }] }, []],
  ])('cookies: %s', async (_, cookies, expected) => {
    expect((await request({ cookies }, { headers: { cookie: 'a=1; b=2;b=3; c="3"' } })).requestHeaders).toEqual(
      expected,
    );
  });

  test('path, method and host', async () => {
    const spec: RequestSpec = {
      path: { pattern: '^/v(\\d)/', substitution: '/$1-' },
      method: 'PUT',
      hostname: 'b.test',
    };
    expect(await request(spec, { target: '/v1/a?q' })).toMatchObject({
      forwardPath: '/1-a',
      forwardMethod: 'PUT',
      forwardHost: 'b.test',
    });
    expect((await request(spec, { method: 'HEAD' })).forwardMethod).toBe('HEAD');
  });

  test('a path that grows without end is refused', async () => {
    const spec: RequestSpec = { path: { pattern: 'a', substitution: 'a'.repeat(1_000) } };
    expect((await request(spec, { target: `/${'a'.repeat(100)}` })).denied).toBe('policy-invalid');
  });
});

describe('the response', () => {
  test.each<[string, ResponseSpec, readonly string[]]>([
    [
      'headers',
      { headers: { remove: ['x-a'], set: [{ name: 'x-b', expression: 'response.headers["x-a"] + request.method' }] } },
      ['Set-Cookie: a=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT; Path=/', 'Set-Cookie: b=2', 'x-b: 1GET'],
    ],
    ['a cookie of the backend', { headers: { remove: ['x-a'] }, cookies: { remove: ['a'] } }, ['Set-Cookie: b=2']],
    [
      'a cookie',
      {
        headers: { remove: ['x-a'] },
        cookies: {
          remove: ['a'],
          set: [{ name: 'b', value: '3', secure: true, httpOnly: true, sameSite: 'Lax', maxAge: 60 }],
        },
      },
      ['Set-Cookie: b=3; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax'],
    ],
  ])('%s', async (_, response, expected) => {
    const cookies = ['a=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT; Path=/', 'b=2'];
    const seen = await answer({ responseHeaders: { 'Set-Cookie': cookies, 'x-a': '1' } }, response);
    expect(seen.responseHeaders).toEqual(expected);
  });

  test.each([
    [200, 201, 201],
    [500, 404, 404],
    [401, 200, 401],
    [403, 302, 403],
    [403, 404, 404],
    [204, 200, 204],
    [304, 200, 304],
  ])('status %i with %i becomes %i', async (status, next, expected) => {
    expect((await answer({ status }, { status: next })).status).toBe(expected);
  });

  test('answers of the gateway are left alone', async () => {
    const { exchange, seen } = createExchange();
    exchange.deny('unauthenticated', { 'WWW-Authenticate': 'Bearer' });
    await filter({ response: { status: 404, headers: { remove: ['www-authenticate'] } } }).onResponse?.(exchange);
    expect(seen()).toMatchObject({ status: 401, responseHeaders: ['WWW-Authenticate: Bearer'] });
  });
});

describe('translate refuses', () => {
  test.each<[string, TransformSpec, string]>([
    ['nothing', {}, 't'],
    [
      'framing',
      { request: { headers: { set: [{ name: 'Content-Length', value: '1' }] } } },
      't.request.headers.set[0].name',
    ],
    ['Host', { request: { headers: { remove: ['host'] } } }, 't.request.headers.remove[0]'],
    [
      'Cookie',
      { request: { headers: { rename: [{ from: 'cookie', to: 'x-a' }] } } },
      't.request.headers.rename[0].from',
    ],
    [
      'a line break',
      { request: { headers: { set: [{ name: 'x-a', value: 'a\nb' }] } } },
      't.request.headers.set[0].value',
    ],
    [
      'both',
      { request: { headers: { set: [{ name: 'x-a', value: 'a', expression: '1' }] } } },
      't.request.headers.set[0]',
    ],
    ['neither', { request: { query: { set: [{ name: 'a' }] } } }, 't.request.query.set[0]'],
    [
      'a list in a header',
      { request: { headers: { add: [{ name: 'x-a', expression: 'identity.scopes' }] } } },
      't.request.headers.add[0].expression',
    ],
    [
      'response in a request',
      { request: { headers: { add: [{ name: 'x-a', expression: 'response.status' }] } } },
      't.request.headers.add[0].expression',
    ],
    [
      'a cookie with a semicolon',
      { request: { cookies: { set: [{ name: 'a', value: 'b; c=d' }] } } },
      't.request.cookies.set[0].value',
    ],
    ['a cookie name', { response: { cookies: { remove: ['a', 'b=c'] } } }, 't.response.cookies.remove[1]'],
    ['a pattern', { request: { path: { pattern: '(', substitution: '' } } }, 't.request.path.pattern'],
    ['a status without a body', { response: { status: 204 } }, 't.response.status'],
    ['a body that is not changed', { request: { body: {} } }, 't.request.body'],
    ['a patch that is no object', { request: { body: { mergePatch: '[]' } } }, 't.request.body.mergePatch'],
    ['a patch with a name twice', { request: { body: { mergePatch: '{"a":1,"a":2}' } } }, 't.request.body.mergePatch'],
    ['a size', { request: { body: { mergePatch: '{}', maxSize: '1Gi' } } }, 't.request.body.maxSize'],
    [
      'a mistake in a body',
      { response: { body: { set: [{ path: '/a', expression: 'bodi.a' }] } } },
      't.response.body.set[0].expression',
    ],
  ])('%s', (_, spec, path) => {
    expect(translateTransform(spec, 't', testPolicyContext())).toEqual([
      expect.objectContaining({ path, reason: 'UnsupportedValue' }),
    ]);
  });

  test('cookies that browsers refuse', () => {
    const cookie = { value: '1', secure: false, httpOnly: true, sameSite: 'None' } as const;
    const set = [
      { ...cookie, name: 'a' },
      { ...cookie, name: '__Host-a', secure: true, path: '/a' },
      { ...cookie, name: '__Secure-a', sameSite: 'Lax' as const },
    ];
    expect(translateTransform({ response: { cookies: { set } } }, 't', testPolicyContext())).toEqual(
      ['[0].secure', '[1]', '[2].secure'].map((at) => expect.objectContaining({ path: `t.response.cookies.set${at}` })),
    );
  });
});

function filter(spec: TransformSpec, env: FilterEnvOptions = {}) {
  const result = translateTransform(spec, 'spec', testPolicyContext());
  if (isProblems(result)) throw new Error(JSON.stringify(result));
  return createTransform(JSON.parse(JSON.stringify(result)), testFilterEnv(env));
}

function request(spec: RequestSpec, options: ExchangeOptions = {}): Promise<Seen> {
  const headers = { 'X-A': ['1', '2'], 'X-User': 'spoofed', x_user: 'spoofed' };
  return run(filter({ request: spec }), { identity, headers, ...options });
}

function answer(options: ExchangeOptions, response: ResponseSpec): Promise<Seen> {
  return run(filter({ response }), options);
}
