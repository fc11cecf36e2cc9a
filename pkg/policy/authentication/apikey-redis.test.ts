import { beforeEach, describe, expect, test } from '@jest/globals';
import { type ExchangeOptions, run, type Seen } from '../../testkit/exchange.ts';
import { TestFeed, testFilterEnv } from '../../testkit/filter-env.ts';
import { testPolicyContext } from '../../testkit/policy-context.ts';
import type { RedisChannelValue, RedisQuestion } from '../feeds.ts';
import type { RuntimeFilter } from '../runtime.ts';
import { isProblems } from '../translated.ts';
import { createKey, hashOfKey } from './apikey-format.ts';
import type { ApiKeySpec } from './apikey-spec.ts';
import { createAuthentication } from './filter.ts';
import { translateAuthentication } from './translate.ts';

const start = Date.parse('2026-12-01T00:00:00Z');
const keyOf = (id: string, byte = 1) =>
  createKey({ prefix: 'gwk', id, random: (size) => new Uint8Array(size).fill(byte) });
const record = (id: string, more: object = {}) => ({
  hash: hashOfKey(keyOf(id)),
  subject: 'partner-a',
  scopes: ['orders.read'],
  metadata: { plan: 'gold' },
  ...more,
});

/** What Redis holds; a text is as it stands there. */
let held: Map<string, object | string>;
let asked: string[];
let gone: boolean;
/** Answers wait for it. */
let gate: Promise<void>;
let time: number;
let channel: TestFeed;
let channels: unknown[];
beforeEach(() => {
  held = new Map<string, object>([['one1', record('one1')]]);
  asked = [];
  gone = false;
  gate = Promise.resolve();
  time = 0;
  channel = new TestFeed({ epoch: 1, connected: true, message: null } satisfies RedisChannelValue);
  channels = [];
});
const tell = (value: Partial<RedisChannelValue>) =>
  channel.set({ ...(channel.value as RedisChannelValue), message: null, ...value });

function translated(spec: Partial<ApiKeySpec>, namespace = 'shop') {
  const apiKey = { source: 'Redis' as const, forward: 'Strip' as const, ...spec };
  return translateAuthentication(
    { require: 'Any', allowAnonymous: false, methods: [{ name: 'partners', type: 'APIKey', apiKey }] },
    'spec',
    testPolicyContext({ namespace }),
  );
}

function filter(spec: Partial<ApiKeySpec> = {}, namespace = 'shop'): RuntimeFilter {
  const config = translated(spec, namespace);
  if (isProblems(config)) throw new Error(JSON.stringify(config));
  return createAuthentication(
    JSON.parse(JSON.stringify(config)),
    testFilterEnv({
      now: () => time,
      wallClock: () => start + time,
      feed: (_, feedConfig) => {
        channels.push(feedConfig);
        return channel;
      },
      ask: async (_, question) => {
        const [name] = (question as Extract<RedisQuestion, { kind: 'command' }>).args;
        const id = /^suuupra:apikey:shop:(\w+)$/.exec(String(name))?.[1] ?? '';
        asked.push(id);
        const found = held.get(id);
        const failed = gone;
        // Of this question alone: a later one may be answered before.
        const opens = gate;
        await opens;
        if (failed) throw new Error('connect-failed');
        return found === undefined ? null : typeof found === 'string' ? found : JSON.stringify(found);
      },
    }),
  );
}

const shown = (key: string): ExchangeOptions => ({ headers: { 'x-api-key': key } });
const outcome = ({ denied, identity }: Seen) => denied ?? identity?.subject;
const ask = async (one: RuntimeFilter, id: string, byte = 1) => outcome(await run(one, shown(keyOf(id, byte))));

describe('a key in Redis', () => {
  test('says who is asking, and is asked for once', async () => {
    const one = filter({ claimToHeaders: [{ header: 'X-Plan', claim: 'plan' }] });
    const seen = await run(one, shown(keyOf('one1')));
    expect(seen.identity).toMatchObject({
      subject: 'partner-a',
      tenant: 'shop',
      scopes: ['orders.read'],
      claims: { plan: 'gold', sub: 'partner-a' },
    });
    expect(seen.requestHeaders).toEqual(['X-Plan: gold']);
    expect(await ask(one, 'one1')).toBe('partner-a');
    expect([asked, channels]).toEqual([['one1'], [{ channel: 'suuupra:apikey:shop' }]]);
  });

  test.each<[string, object | string]>([
    ['suspended', record('one1', { suspended: true })],
    ['suspended in words', record('one1', { suspended: 'no' })],
    ['expired', record('one1', { expires: '2026-12-01T00:00:00Z' })],
    ['not valid yet', record('one1', { notBefore: '2026-12-01T00:00:01Z' })],
    ['of a time that is none', record('one1', { expires: 'never' })],
    ['of another secret', record('one1', { hash: hashOfKey(keyOf('one1', 2)) })],
    ['in the clear', record('one1', { hash: keyOf('one1') })],
    ['of nobody', record('one1', { subject: '' })],
    ['of a name that breaks lines', record('one1', { subject: 'a\nb' })],
    ['with scopes that are none', record('one1', { scopes: 'admin' })],
    ['with metadata that is none', record('one1', { metadata: { plan: { a: 1 } } })],
    ['a list', '[]'],
    ['no JSON', 'gwk'],
  ])('that is %s is 401', async (_, given) => {
    held.set('one1', given);
    expect(await ask(filter(), 'one1')).toBe('unauthenticated');
  });

  test('of another namespace is not even asked for', async () => {
    await ask(filter({}, 'other'), 'one1');
    expect(asked).toEqual(['']);
  });

  test('that has not the form of one is not asked for', async () => {
    expect(outcome(await run(filter(), shown('nonsense')))).toBe('unauthenticated');
    expect(outcome(await run(filter(), shown(keyOf('one1').slice(0, -1))))).toBe('unauthenticated');
    expect(asked).toEqual([]);
  });

  test('without a scope that is asked for is 403', async () => {
    expect(await ask(filter({ requiredScopes: ['admin'] }), 'one1')).toBe('forbidden');
  });
});

describe('what is remembered', () => {
  test('is asked for again after cacheDuration', async () => {
    const one = filter({ redis: { cacheDuration: '10s' } });
    await ask(one, 'one1');
    time = 9_999;
    await ask(one, 'one1');
    expect(asked).toHaveLength(1);
    time = 10_000;
    held.delete('one1');
    expect(await ask(one, 'one1')).toBe('unauthenticated');
  });

  test('is forgotten as soon as the channel tells of it, and nothing else', async () => {
    held.set('two2', record('two2'));
    const one = filter({ redis: { cacheDuration: '1h' } });
    await ask(one, 'one1');
    await ask(one, 'two2');
    held.clear();
    tell({ message: 'one1' });
    expect([await ask(one, 'one1'), await ask(one, 'two2')]).toEqual(['unauthenticated', 'partner-a']);
    tell({ message: '*' });
    expect(await ask(one, 'two2')).toBe('unauthenticated');
  });

  test('that a key is not there is known for a moment, or until the channel tells of it', async () => {
    const one = filter();
    await ask(one, 'new1');
    held.set('new1', record('new1'));
    expect(await ask(one, 'new1')).toBe('unauthenticated');
    tell({ message: 'new1' });
    expect(await ask(one, 'new1')).toBe('partner-a');
    expect(asked).toHaveLength(2);
  });

  test('is not trusted after the channel was away: messages may have been missed', async () => {
    const one = filter({ redis: { cacheDuration: '1h' } });
    await ask(one, 'one1');
    held.delete('one1');
    tell({ connected: false });
    tell({ connected: true, epoch: 2 });
    expect(await ask(one, 'one1')).toBe('unauthenticated');
  });

  test('is not an answer from before the channel told', async () => {
    const opened = Promise.withResolvers<void>();
    gate = opened.promise;
    const one = filter({ redis: { cacheDuration: '1h' } });
    const early = ask(one, 'one1');
    gate = Promise.resolve();
    held.delete('one1');
    tell({ message: 'one1' });
    // Who asks after the message does not wait for the answer from before, and nobody remembers it.
    const late = await ask(one, 'one1');
    opened.resolve();
    expect([await early, late, await ask(one, 'one1')]).toEqual(['partner-a', 'unauthenticated', 'unauthenticated']);
  });

  test('of ids that are made up does not push out keys that are used', async () => {
    const one = filter({ redis: { cacheDuration: '1h' } });
    await ask(one, 'one1');
    for (let i = 0; i < 10_100; i++) await ask(one, `m${1_000_000 + i}`);
    const before = asked.length;
    expect(await ask(one, 'one1')).toBe('partner-a');
    expect(asked).toHaveLength(before);
  });
});

describe('while Redis is gone', () => {
  test('keys that are known pass until maxStale is over, then it is 503', async () => {
    const one = filter({ redis: { cacheDuration: '10s', maxStale: '20s' } });
    await ask(one, 'one1');
    gone = true;
    tell({ connected: false });
    time = 29_999;
    expect(await ask(one, 'one1')).toBe('partner-a');
    time = 30_000;
    expect(await ask(one, 'one1')).toBe('policy-unavailable');
  });

  test('a wrong secret of a known key is 401, not 503', async () => {
    const one = filter();
    await ask(one, 'one1');
    gone = true;
    tell({ connected: false });
    expect(await ask(one, 'one1', 2)).toBe('unauthenticated');
  });

  test('keys that are not known are 503, also those that were not there', async () => {
    const one = filter();
    await ask(one, 'new1');
    gone = true;
    tell({ connected: false });
    expect([await ask(one, 'new1'), await ask(one, 'two2')]).toEqual(['policy-unavailable', 'policy-unavailable']);
  });

  test('it is asked once in a second, and again as soon as it may be back', async () => {
    const one = filter();
    gone = true;
    for (let i = 0; i < 5; i++) await ask(one, 'one1');
    expect(asked).toHaveLength(1);
    gone = false;
    time = 1_000;
    expect(await ask(one, 'one1')).toBe('partner-a');
  });

  test('before its first answer it is 503, never open', async () => {
    channel = new TestFeed();
    gone = true;
    expect(await ask(filter(), 'one1')).toBe('policy-unavailable');
  });
});

test('256 keys at once are asked for, and the others are 503', async () => {
  const one = filter();
  const seen = await Promise.all(Array.from({ length: 260 }, (_, i) => ask(one, `k${1_000 + i}`)));
  expect(seen.filter((word) => word === 'policy-unavailable')).toHaveLength(4);
});

test('a filter that is not used any more watches nothing', () => {
  const one = filter();
  expect(channel.watchers).toBe(1);
  one.close?.();
  expect(channel.watchers).toBe(0);
});

test.each<[string, Partial<ApiKeySpec>, string]>([
  ['a selector', { selector: {} }, 'selector'],
  ['a cache of a day', { redis: { cacheDuration: '24h' } }, 'redis.cacheDuration'],
  ['stale keys for a week', { redis: { maxStale: '168h' } }, 'redis.maxStale'],
  ['objects without a selector', { source: 'Objects' }, 'selector'],
  ['objects, and how Redis is asked', { source: 'Objects', selector: {}, redis: {} }, 'redis'],
])('%s is a problem', (_, spec, path) => {
  expect(translated(spec)).toMatchObject([{ path: `spec.methods[0].apiKey.${path}`, reason: 'UnsupportedValue' }]);
});
