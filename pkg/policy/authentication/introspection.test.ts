import { beforeEach, describe, expect, test } from '@jest/globals';
import { type ExchangeOptions, run, type Seen } from '../../testkit/exchange.ts';
import { testFilterEnv } from '../../testkit/filter-env.ts';
import { testPolicyContext } from '../../testkit/policy-context.ts';
import type { HttpQuestion } from '../feeds.ts';
import type { Call, RuntimeFilter } from '../runtime.ts';
import { isProblems } from '../translated.ts';
import { createAuthentication } from './filter.ts';
import type { IntrospectionSpec } from './introspection-spec.ts';
import { translateAuthentication } from './translate.ts';

const start = Date.parse('2026-12-01T00:00:00Z');
const secrets = { 'login/secret': 's3:cr%et\n' };
const active = { active: true, sub: 'alice', scope: 'orders.read orders.write', client_id: 'app' };

let asked: HttpQuestion[];
let called: Call[];
let time: number;
/** What the endpoint answers: a status, or an object as JSON, or a text as it is. */
let answer: (question: { readonly body?: unknown }) => unknown;
beforeEach(() => {
  asked = [];
  called = [];
  time = 0;
  answer = () => active;
});

type Spec = Partial<IntrospectionSpec>;

function translated(spec: Spec, allowAnonymous = false) {
  const introspection = {
    endpoint: { uri: 'https://login.example.com/introspect' },
    clientID: 'gate way',
    clientSecret: { name: 'login', key: 'secret' },
    forward: 'Keep' as const,
    ...spec,
  };
  return translateAuthentication(
    { require: 'Any', allowAnonymous, methods: [{ name: 'opaque', type: 'Introspection', introspection }] },
    'spec',
    testPolicyContext({ secrets, services: ['login'], authorities: { ca: 'PEM' } }),
  );
}

function reply(question: { readonly body?: unknown }): { readonly status: number; readonly body: Uint8Array } {
  const given = answer(question);
  if (typeof given === 'number') return { status: given, body: Buffer.from('{"active":true,"sub":"alice"}') };
  return { status: 200, body: Buffer.from(typeof given === 'string' ? given : JSON.stringify(given)) };
}

function filter(spec: Spec = {}, allowAnonymous = false): RuntimeFilter {
  const config = translated(spec, allowAnonymous);
  if (isProblems(config)) throw new Error(JSON.stringify(config));
  return createAuthentication(
    JSON.parse(JSON.stringify(config)),
    testFilterEnv({
      secrets: { 'Secret/shop/login/secret': secrets['login/secret'] },
      now: () => time,
      wallClock: () => start + time,
      ask: async (_, question) => {
        asked.push(question as HttpQuestion);
        return { headers: {}, ...reply(question as HttpQuestion) };
      },
      call: async (call) => {
        called.push(call);
        return { headers: new Map(), ...reply(call) };
      },
    }),
  );
}

const bearer = (token: string): ExchangeOptions => ({ headers: { authorization: `Bearer ${token}` } });
const outcome = ({ denied, identity }: Seen) => denied ?? identity?.subject;
const ask = async (spec: Spec = {}, token = 'opaque-1') => outcome(await run(filter(spec), bearer(token)));

/** What the method below asks for. */
const ours = { iss: 'https://login.example.com', aud: 'orders' };

describe('a token', () => {
  test('that is active says who is asking', async () => {
    const seen = await run(filter({ claimToHeaders: [{ header: 'X-User', claim: 'sub' }] }), {
      headers: { authorization: 'Bearer opaque-1', 'x-user': 'root' },
    });
    expect(seen.identity).toEqual({
      method: 'Introspection',
      provider: 'opaque',
      subject: 'alice',
      tenant: '',
      scopes: ['orders.read', 'orders.write'],
      roles: [],
      claims: active,
    });
    expect(seen.requestHeaders).toEqual(['authorization: Bearer opaque-1', 'X-User: alice']);
  });

  test('is asked for as RFC 7662 has it, with credentials in their form encoding', async () => {
    await ask(
      {
        endpoint: { uri: 'https://login.example.com/introspect', caCertificateRef: { kind: 'ConfigMap', name: 'ca' } },
      },
      'a+b&c=d',
    );
    const credentials = Buffer.from('gate+way:s3%3Acr%25et').toString('base64');
    expect(asked).toEqual([
      {
        method: 'POST',
        url: 'https://login.example.com/introspect',
        headers: {
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
          authorization: `Basic ${credentials}`,
        },
        body: 'token=a%2Bb%26c%3Dd&token_type_hint=access_token',
        maxBody: 65_536,
        authority: 'PEM',
      },
    ]);
  });

  test('is asked for at a backend of the cluster', async () => {
    const endpoint = { backendRef: { group: '', kind: 'Service', name: 'login', port: 80 }, path: '/introspect' };
    expect(await ask({ endpoint, timeout: '2s' })).toBe('alice');
    expect(called).toMatchObject([
      {
        cluster: 'Service/shop/login:80',
        authority: 'login.shop:80',
        path: '/introspect',
        method: 'POST',
        timeout: 2_000,
      },
    ]);
    expect(asked).toEqual([]);
  });

  test.each<[string, object]>([
    ['not active', { ...active, active: false, ...ours }],
    ['expired all the same', { ...active, exp: start / 1000, ...ours }],
    ['of an end that is no number', { ...active, exp: '4102444800', ...ours }],
    ['not valid yet', { ...active, nbf: start / 1000 + 1, ...ours }],
    ['of another issuer', { ...active, iss: 'https://evil.example', aud: 'orders' }],
    ['of an issuer that begins alike', { ...active, iss: 'https://login.example.com.evil', aud: 'orders' }],
    ['for somebody else', { ...active, iss: 'https://login.example.com', aud: ['else'] }],
    ['for nobody', { ...active, iss: 'https://login.example.com' }],
    ['of nobody', { active: true, iss: 'https://login.example.com', aud: 'orders' }],
    [
      'of a name that breaks lines',
      { ...active, iss: 'https://login.example.com', aud: 'orders', sub: 'a\nb', client_id: '', username: 7 },
    ],
  ])('that is %s is 401', async (_, given) => {
    answer = () => given;
    expect(await ask({ issuer: 'https://login.example.com', audiences: ['orders'] })).toBe('unauthenticated');
  });

  test('for one of the audiences of the right issuer is good', async () => {
    answer = () => ({ ...active, iss: 'https://login.example.com', aud: ['else', 'orders'] });
    expect(await ask({ issuer: 'https://login.example.com', audiences: ['orders'] })).toBe('alice');
  });

  test.each([
    ['username', { active: true, username: 'bob', client_id: 'app' }, 'bob'],
    ['client_id', { active: true, client_id: 'app' }, 'app'],
  ])('without sub is of its %s', async (_, given, who) => {
    answer = () => given;
    expect(await ask()).toBe(who);
  });

  test('without a scope that is asked for is 403', async () => {
    const seen = await run(filter({ requiredScopes: ['admin'] }), bearer('opaque-1'));
    expect(seen.denied).toBe('forbidden');
    expect(seen.responseHeaders).toEqual([
      'WWW-Authenticate: Bearer realm="opaque", error="insufficient_scope", scope="admin"',
    ]);
  });

  test.each(['a b', 'a,b', 'é', 'x'.repeat(8_193)])(
    'that cannot be one (%.10s) is 401 and nobody is asked',
    async (token) => {
      expect(await ask({}, token)).toBe('unauthenticated');
      expect(asked).toEqual([]);
    },
  );

  test('that is not there is 401, or anonymous where that is allowed', async () => {
    expect((await run(filter())).denied).toBe('unauthenticated');
    expect((await run(filter({}, true))).denied).toBeUndefined();
    expect(asked).toEqual([]);
  });

  test('is taken out with forward: Strip', async () => {
    expect((await run(filter({ forward: 'Strip' }), bearer('opaque-1'))).requestHeaders).toEqual([]);
  });
});

describe('an answer', () => {
  test.each<[string, () => unknown]>([
    ['of 401, which is about the gateway', () => 401],
    ['of 500', () => 500],
    ['of 204', () => 204],
    ['that is no JSON', () => '<html>'],
    ['that is a list', () => '[{"active":true}]'],
    ['that does not say active', () => ({ sub: 'alice' })],
    ['that says active in words', () => ({ active: 'true', sub: 'alice' })],
    [
      'that never comes',
      () => {
        throw new Error('timeout');
      },
    ],
  ])('%s is 503, never open, and not remembered', async (_, bad) => {
    const one = filter({}, true);
    answer = bad;
    expect(outcome(await run(one, bearer('opaque-1')))).toBe('policy-unavailable');
    answer = () => active;
    expect(outcome(await run(one, bearer('opaque-1')))).toBe('alice');
  });

  test('is used for cacheDuration', async () => {
    const one = filter({ cacheDuration: '30s' });
    await run(one, bearer('opaque-1'));
    time = 29_999;
    answer = () => ({ active: false });
    expect(outcome(await run(one, bearer('opaque-1')))).toBe('alice');
    time = 30_000;
    expect(outcome(await run(one, bearer('opaque-1')))).toBe('unauthenticated');
  });

  test('is never used past exp', async () => {
    const one = filter({ cacheDuration: '1h' });
    answer = () => ({ ...active, exp: start / 1000 + 5 });
    await run(one, bearer('opaque-1'));
    time = 5_000;
    expect(outcome(await run(one, bearer('opaque-1')))).toBe('unauthenticated');
    expect(asked).toHaveLength(2);
  });

  test('that says no is remembered for ten seconds, and does not push out good ones', async () => {
    const one = filter({ cacheDuration: '1h' });
    await run(one, bearer('opaque-1'));
    answer = () => ({ active: false });
    for (let i = 0; i < 10_100; i++) await run(one, bearer(`forged-${i}`));
    const before = asked.length;
    await run(one, bearer('forged-10099'));
    expect(outcome(await run(one, bearer('opaque-1')))).toBe('alice');
    expect(asked).toHaveLength(before);
    time = 10_000;
    answer = () => active;
    expect(outcome(await run(one, bearer('forged-10099')))).toBe('alice');
  });

  test('serves all who ask for one token at once', async () => {
    const one = filter();
    await Promise.all(Array.from({ length: 20 }, () => run(one, bearer('opaque-1'))));
    expect(asked).toHaveLength(1);
  });

  test('is waited for by so many tokens, and the others are 503', async () => {
    const one = filter();
    const seen = (await Promise.all(Array.from({ length: 130 }, (_, i) => run(one, bearer(`token-${i}`))))).map(
      outcome,
    );
    expect(seen.filter((word) => word === 'alice')).toHaveLength(128);
    expect(seen.filter((word) => word === 'policy-unavailable')).toHaveLength(2);
  });
});

test.each<[string, Spec, string, string]>([
  ['an address without TLS', { endpoint: { uri: 'http://login.example.com/' } }, 'endpoint.uri', 'UnsupportedValue'],
  ['no address', { endpoint: {} }, 'endpoint', 'UnsupportedValue'],
  [
    'a Service that is not there',
    { endpoint: { backendRef: { group: '', kind: 'Service', name: 'gone', port: 80 }, path: '/' } },
    'endpoint.backendRef',
    'BackendNotFound',
  ],
  ['a Secret that is not there', { clientSecret: { name: 'gone', key: 'a' } }, 'clientSecret', 'RefNotFound'],
  ['a cache of a day', { cacheDuration: '24h' }, 'cacheDuration', 'UnsupportedValue'],
  ['no time at all', { timeout: '1ms' }, 'timeout', 'UnsupportedValue'],
  [
    'an identity in the header of the token',
    { claimToHeaders: [{ header: 'authorization', claim: 'sub' }] },
    'claimToHeaders[0].header',
    'UnsupportedValue',
  ],
])('%s is a problem', (_, spec, path, reason) => {
  expect(translated(spec)).toMatchObject([{ path: `spec.methods[0].introspection.${path}`, reason }]);
});

test('the configuration has no password in it', () => {
  expect(JSON.stringify(translated({}))).not.toContain('cr%et');
});
