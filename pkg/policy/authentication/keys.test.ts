import { describe, expect, test } from '@jest/globals';
import { run } from '../../testkit/exchange.ts';
import { testFilterEnv } from '../../testkit/filter-env.ts';
import { Recent } from '../recent.ts';
import type { CallResponse } from '../runtime.ts';
import { ClusterKeys } from './key-cluster.ts';
import { KeySet } from './key-set.ts';
import { authentication, jwt } from './methods.testing.ts';
import { claims, ec, header, jwkOf, NOW, rsa, token } from './tokens.testing.ts';

const config = {
  kind: 'cluster',
  cluster: 'Service/shop/keycloak:80',
  authority: 'keycloak.shop:80',
  path: '/certs',
  cacheDuration: 300_000,
  maxStale: 600_000,
} as const;

describe('keys that a backend serves', () => {
  const setup = () => {
    const stage = {
      now: 0,
      answer: answerOf({ keys: [jwkOf(rsa, { kid: 'a' })] }) as CallResponse | Error,
      calls: [] as string[],
    };
    const env = testFilterEnv({
      now: () => stage.now,
      call: ({ method, path, authority, cluster }) => {
        stage.calls.push(`${method} ${authority}${path} at ${cluster}`);
        if (stage.answer instanceof Error) throw stage.answer;
        return stage.answer;
      },
    });
    return { stage, keys: new ClusterKeys(config, env) };
  };
  const known = async (keys: ClusterKeys) => (await keys.current())?.find('RS256', 'a').length ?? null;

  test('are fetched once for all who wait, and then known at once', async () => {
    const { stage, keys } = setup();
    expect(stage.calls).toEqual([]);
    expect(await Promise.all([known(keys), known(keys)])).toEqual([1, 1]);
    expect(stage.calls).toEqual(['GET keycloak.shop:80/certs at Service/shop/keycloak:80']);
    expect(keys.current()).toBeInstanceOf(KeySet);
  });

  test('are fetched again in the background, and are the same object while they are the same keys', async () => {
    const { stage, keys } = setup();
    const first = await keys.current();
    stage.now = 300_000;
    expect(keys.current()).toBe(first);
    await settled();
    expect(stage.calls).toHaveLength(2);
    expect(keys.current()).toBe(first);
  });

  test('stay for maxStale while fetching fails, tried again after each cooldown, and are gone then', async () => {
    const { stage, keys } = setup();
    await keys.current();
    stage.answer = new Error('connect-failed');
    stage.now = 300_000;
    for (let i = 0; i < 5; i++) expect(await known(keys)).toBe(1);
    expect(stage.calls).toHaveLength(2);
    stage.now = 310_000;
    expect(await known(keys)).toBe(1);
    expect(stage.calls).toHaveLength(3);
    stage.now = 900_001;
    expect(await known(keys)).toBeNull();
    stage.answer = answerOf({ keys: [jwkOf(rsa, { kid: 'a' })] });
    stage.now = 910_001;
    expect(await known(keys)).toBe(1);
  });

  test.each<[string, CallResponse]>([
    ['a 500', { ...answerOf({ keys: [] }), status: 500 }],
    ['no JSON', { ...answerOf({}), body: Buffer.from('<html>') }],
    ['no list', answerOf({ keys: { a: 1 } })],
    ['null', answerOf(null)],
    ['65 keys', answerOf({ keys: Array<object>(65).fill(jwkOf(ec)) })],
  ])('%s is no answer', async (_, answer) => {
    const { stage, keys } = setup();
    stage.answer = answer;
    expect(await known(keys)).toBeNull();
  });

  test('an unknown id is looked up once per cooldown', async () => {
    const { stage, keys } = setup();
    await keys.current();
    expect(await keys.refresh()).toBe(false);
    stage.now = 10_000;
    expect(await Promise.all([keys.refresh(), keys.refresh()])).toEqual([true, true]);
    expect(stage.calls).toHaveLength(2);
    expect(await keys.refresh()).toBe(false);
  });

  test('verify a token', async () => {
    const remoteJWKS = { backendRef: { kind: 'Service', name: 'keycloak', port: 80 }, path: '/certs' };
    const filter = authentication(
      { methods: [jwt({ remoteJWKS })] },
      { wallClock: () => NOW * 1000, call: () => answerOf({ keys: [jwkOf(rsa, { kid: 'a' })] }) },
    );
    const seen = await run(filter, { headers: { authorization: `Bearer ${token(header, claims)}` } });
    expect(seen.identity?.subject).toBe('ada');
  });
});

test('of a large key set without ids only so many are tried for one token', () => {
  expect(new KeySet(Array<object>(20).fill(jwkOf(ec)) as never).find('ES256', '')).toHaveLength(8);
});

test('the least recently used value goes first', () => {
  const recent = new Recent<number>(2);
  recent.set('a', 1);
  recent.set('b', 2);
  recent.get('a');
  recent.set('c', 3);
  expect(['a', 'b', 'c'].map((key) => recent.get(key))).toEqual([1, undefined, 3]);
  recent.set('c', 4);
  expect(recent.get('c')).toBe(4);
  expect(recent.get('a')).toBe(1);
});

function answerOf(body: unknown): CallResponse {
  return { status: 200, headers: new Map(), body: Buffer.from(JSON.stringify(body)) };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
