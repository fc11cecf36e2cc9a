/** Keys fetched over real HTTPS: fresh before they are old, kept through an outage, and never more asked for than the provider can bear. */

import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Feed, JwksFeed } from '../../policy/feeds.ts';
import { until } from '../../testkit/until.ts';
import type { ClusterAnswer, ClusterCall } from '../channel.ts';
import { createProvider, createTestSource, json, type TestProvider } from '../provider.testing.ts';

const key = (kid: string) => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
  kid,
});
const [one, two] = [key('one'), key('two')];
const Minute = 60_000;

let provider: TestProvider;
let cleanups: (() => unknown)[] = [];
beforeEach(async () => {
  provider = await createProvider();
  cleanups = [() => provider.close()];
});
afterEach(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

function open(options: Parameters<typeof createTestSource>[0] = {}) {
  const test = createTestSource(options);
  cleanups.push(() => test.source.close());
  return test;
}

function feed(change: Partial<JwksFeed> = {}): Feed<'jwks'> {
  const source = { kind: 'uri', uri: `${provider.origin}/keys` } as const;
  return {
    kind: 'jwks',
    config: { source, authority: provider.authority, cacheDuration: 5 * Minute, maxStale: 60 * Minute, ...change },
  };
}

/** Of the one feed's series. */
function metric(source: ReturnType<typeof open>['source'], name: string): number | undefined {
  return source.series().find((series) => series.name === `suuupra_jwks_${name}`)?.samples[0]?.[1];
}

describe('keys', () => {
  test('are fetched at once, and again before they are old', async () => {
    provider.answer = json({ keys: [one] });
    const { watch, clock, source } = open();
    const watched = watch(feed());
    await until(() => watched.values.length === 1);
    expect(watched.last).toEqual({ keys: [one], fetchedAt: 1_000_000, failure: '' });
    provider.answer = json({ keys: [one, two] });
    // With 0.5 for chance: at 85 % of the time.
    clock.advance(4 * Minute);
    expect(metric(source, 'age_seconds')).toBe(240);
    clock.advance(Minute / 2);
    await until(() => watched.values.length === 2);
    expect(watched.last?.keys).toEqual([one, two]);
    expect(provider.asked).toEqual(['/keys', '/keys']);
  });

  test('are found by the issuer, whose document must name it exactly', async () => {
    const { watch } = open();
    const issuer = `${provider.origin}/tenant/`;
    let named = issuer;
    provider.answer = (request, response) =>
      request.url === '/keys'
        ? json({ keys: [one] })(request, response)
        : json({ issuer: named, jwks_uri: `${provider.origin}/keys` })(request, response);
    const source = { kind: 'discovery', issuer } as const;
    const good = watch(feed({ source }));
    await until(() => good.values.length === 1);
    expect(good.last?.keys).toEqual([one]);
    expect(provider.asked).toEqual(['/tenant/.well-known/openid-configuration', '/keys']);
    named = `${provider.origin}/tenant`;
    const bad = watch(feed({ source, cacheDuration: Minute }));
    await until(() => bad.values.length === 1);
    expect(bad.last).toEqual({ keys: null, fetchedAt: 0, failure: expect.stringContaining('names another issuer') });
  });

  test.each([
    ['plain http', () => 'http://default.example/keys', /it is not https/],
    ['no URL', () => 'keys', /no absolute URL/],
    ['a password', () => 'https://a:b@default.example/keys', /user name or password/],
    ['a link-local address', () => 'https://169.254.169.254/keys', /leads to no address that the gateway may ask/],
    ['the metadata service', () => 'https://metadata.google.internal/keys', /leads to no address/],
  ])('are not fetched from %s, nor where a discovery document says so', async (_name, uri, why) => {
    const { watch } = open();
    const direct = watch(feed({ source: { kind: 'uri', uri: uri() } }));
    provider.answer = json({ issuer: provider.origin, jwks_uri: uri() });
    const found = watch(feed({ source: { kind: 'discovery', issuer: provider.origin } }));
    await until(() => direct.values.length > 0 && found.values.length > 0);
    expect([direct.last?.keys, found.last?.keys]).toEqual([null, null]);
    expect(direct.last?.failure).toMatch(why);
    expect(found.last?.failure).toMatch(why);
  });

  test.each(['https://user:secret@default.example/keys', 'https://default.example/keys?token=secret'])(
    'are not fetched from %s, and why does not tell the secret',
    async (url) => {
      const uri = url.replace('https://default.example', provider.origin);
      const watched = open().watch(feed({ source: { kind: 'uri', uri } }));
      await until(() => watched.values.length > 0);
      expect(watched.last?.failure).toMatch(/password|answers 404/);
      expect(watched.last?.failure).not.toContain('secret');
    },
  );

  test('are not fetched from a name that leads inside', async () => {
    const { watch } = open({ addresses: ['169.254.169.254'] });
    const watched = watch(feed());
    await until(() => watched.values.length > 0);
    expect(watched.last?.failure).toBe('default.example leads to no address that the gateway may ask');
  });

  test('are not fetched from a provider whose certificate is not trusted', async () => {
    provider.answer = json({ keys: [one] });
    const watched = open().watch(feed({ authority: null }));
    await until(() => watched.values.length > 0);
    expect(watched.last).toMatchObject({ keys: null, failure: expect.stringMatching(/DEPTH_ZERO_SELF_SIGNED_CERT/) });
    expect(provider.asked).toEqual([]);
  });

  test('are not fetched before the egress settings are known', async () => {
    provider.answer = json({ keys: [one] });
    const { createFeedSource } = await import('../feed-source.ts');
    const source = createFeedSource({ timeout: 20 });
    cleanups.push(() => source.close());
    const failures: string[] = [];
    const running = source.start('jwks', {
      config: { ...feed().config, source: { kind: 'uri', uri: 'https://127.0.0.1/' } },
      last: undefined,
      publish: ({ failure }) => failures.push(failure),
      call: () => Promise.reject(new Error('nobody is asked')),
    });
    cleanups.push(() => running.close());
    await until(() => failures.length > 0);
    expect(failures).toEqual(['127.0.0.1 did not answer in time']);
  });
});

describe('keys that a backend serves', () => {
  const place = { cluster: 'Service/shop/keycloak:80', authority: 'keycloak.shop:80', path: '/certs?key=secret' };
  const served = (change: Partial<JwksFeed> = {}) =>
    feed({ source: { kind: 'cluster', ...place }, authority: null, ...change });
  const answerOf = (body: unknown, status = 200): ClusterAnswer => ({
    status,
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  });

  /** Workers whose answer the test says. */
  function openWith(answer: () => ClusterAnswer | Promise<ClusterAnswer>) {
    const calls: ClusterCall[] = [];
    const opened = open({
      timeout: 1500,
      call: async (call) => {
        calls.push(call);
        return answer();
      },
    });
    return { ...opened, calls };
  }

  test('are asked of a worker, with a limit on their length and on the time', async () => {
    const { watch, calls } = openWith(() => answerOf({ keys: [one] }));
    const watched = watch(served());
    await until(() => watched.values.length === 1);
    expect(watched.last).toEqual({ keys: [one], fetchedAt: 1_000_000, failure: '' });
    const headers = { accept: 'application/json' };
    expect(calls).toEqual([{ ...place, method: 'GET', headers, timeout: 1500, maxBody: 1_048_576 }]);
  });

  test('are kept as those of a URL are: fetched early, kept through an outage, looked for once in 30 s', async () => {
    let answer = () => answerOf({ keys: [one] });
    const { watch, clock, calls, source, logged } = openWith(() => answer());
    const watched = watch(served({ maxStale: 10 * Minute }));
    await until(() => watched.values.length === 1);
    expect(await watched.running.refresh()).toBe(false);
    clock.advance(4.25 * Minute);
    await until(() => watched.values.length === 2);
    answer = () => answerOf('', 503);
    expect(await Promise.all([watched.running.refresh(), watched.running.refresh()])).toEqual([false, false]);
    clock.advance(30_000);
    await watched.running.refresh();
    expect(watched.last).toMatchObject({ keys: [one], failure: 'Service/shop/keycloak:80/certs answers 503' });
    expect(metric(source, 'fetch_failures_total')).toBeGreaterThan(0);
    expect(logged).toEqual(['cannot be fetched; the last good value is used']);
    clock.advance(15 * Minute);
    await until(() => watched.last?.keys === null);
    expect(metric(source, 'available')).toBe(0);
    answer = () => answerOf({ keys: [two] });
    await until(() => {
      clock.advance(Minute / 60);
      return watched.last?.failure === '';
    });
    expect(watched.last?.keys).toEqual([two]);
    expect(logged.slice(1)).toEqual(['there is nothing to decide by: requests that need it get 503', 'fetched again']);
    expect(new Set(calls.map(({ path }) => path))).toEqual(new Set([place.path]));
  });

  test('are one fetch, however many feeds want them, and one series, named by the cluster', async () => {
    const gate = Promise.withResolvers<ClusterAnswer>();
    const { watch, calls, source } = openWith(() => gate.promise);
    const both = [watch(served()), watch(served({ maxStale: 0 }))];
    await until(() => calls.length > 0);
    gate.resolve(answerOf({ keys: [one] }));
    await until(() => both.every(({ values }) => values.length === 1));
    expect(calls).toHaveLength(1);
    const age = source.series().find(({ name }) => name === 'suuupra_jwks_age_seconds');
    expect(age?.samples).toEqual([[{ source: 'Service/shop/keycloak:80' }, 0]]);
  });

  test.each<[string, ClusterAnswer | Error, string | RegExp]>([
    ['a redirect', answerOf('', 302), /answers 302; redirects are not followed/],
    ['no JSON', answerOf('<html>'), 'Service/shop/keycloak:80/certs answers what is not JSON'],
    ['no key set', answerOf([]), /no array "keys"/],
    ['a failed call', new Error('connect-failed'), 'connect-failed'],
  ])('%s is no answer, and why does not tell the query', async (_, answer, why) => {
    const { watch } = openWith(() => {
      if (answer instanceof Error) throw answer;
      return answer;
    });
    const watched = watch(served());
    await until(() => watched.values.length > 0);
    expect(watched.last?.keys).toBeNull();
    expect(watched.last?.failure).toMatch(why);
    expect(watched.last?.failure).not.toContain('secret');
  });
});

describe('answers that are none', () => {
  test.each<[string, TestProvider['answer'], RegExp]>([
    [
      'a redirect to the metadata service',
      (_request, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
      /answers 302; redirects are not followed: name the URL it leads to/,
    ],
    ['an error', (_request, response) => response.writeHead(500).end('{"keys":[]}'), /answers 500/],
    ['a page', (_request, response) => response.writeHead(200).end('<html>'), /what is not JSON/],
    ['another document', json({ key: [] }), /no array "keys"/],
    ['null', json(null), /no array "keys"/],
    ['101 keys', json({ keys: Array.from({ length: 101 }, () => one) }), /has 101 keys/],
    ['2 MiB', json({ keys: [], more: 'x'.repeat(2_097_152) }), /longer than 1048576 bytes/],
    [
      'half of one',
      (_request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"keys":', () => response.destroy());
      },
      /default\.example/,
    ],
    [
      'a large head',
      (_request, response) => response.writeHead(200, { 'x-a': 'x'.repeat(20_000) }).end('{"keys":[]}'),
      /UND_ERR_HEADERS_OVERFLOW/,
    ],
  ])('%s', async (_name, answer, why) => {
    provider.answer = answer;
    const watched = open().watch(feed());
    await until(() => watched.values.length > 0);
    expect(watched.last?.keys).toBeNull();
    expect(watched.last?.failure).toMatch(why);
    expect(provider.asked).toEqual(['/keys']);
  });

  test.each<[string, TestProvider['answer']]>([
    ['none at all', () => undefined],
    [
      'one that never ends',
      (_request, response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write(' '), 10);
        response.on('close', () => clearInterval(timer));
      },
    ],
  ])('%s ends in time', async (_name, answer) => {
    provider.answer = answer;
    const watched = open({ timeout: 100 }).watch(feed());
    await until(() => watched.values.length > 0);
    expect(watched.last?.failure).toMatch(/did not answer in time/);
  });
});

describe('an outage', () => {
  test('is told at once if there are no keys, and tried again with growing pauses', async () => {
    provider.answer = (_request, response) => void response.writeHead(503).end();
    const { watch, clock, source } = open();
    const watched = watch(feed());
    const pauses: number[] = [];
    for (let tries = 1; tries <= 9; tries++) {
      await until(() => watched.values.length === tries);
      const before = clock.now();
      while (clock.waiting === 1 && clock.now() - before < 100_000) clock.advance(250);
      pauses.push(clock.now() - before);
    }
    expect(pauses).toEqual([750, 1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000, 45_000]);
    expect(metric(source, 'available')).toBe(0);
    await until(() => watched.values.length === 10);
    expect(metric(source, 'fetch_failures_total')).toBe(10);
  });

  test('leaves the last good keys for maxStale, and no longer', async () => {
    provider.answer = json({ keys: [one] });
    const { watch, clock } = open();
    const watched = watch(feed({ maxStale: 10 * Minute }));
    await until(() => watched.values.length === 1);
    await provider.close();
    clock.advance(5 * Minute);
    await until(() => watched.values.length === 2);
    expect(watched.last).toEqual({
      keys: [one],
      fetchedAt: 1_000_000,
      failure: expect.stringContaining('ECONNREFUSED'),
    });
    clock.advance(10 * Minute - 1);
    expect(watched.last?.keys).toEqual([one]);
    clock.advance(1);
    await until(() => watched.last?.keys === null);
    expect(watched.last?.fetchedAt).toBe(1_000_000);
  });

  test('is bridged by what a worker still holds from before this thread', async () => {
    provider.answer = (_request, response) => void response.writeHead(503).end();
    const { watch, clock } = open();
    const last = { keys: [one], fetchedAt: 1_000_000 - 10 * Minute, failure: 'x' };
    const watched = watch(feed(), last);
    await until(() => watched.values.length === 1);
    expect(watched.last).toEqual(last);
    clock.advance(0);
    await until(() => watched.values.length === 2);
    expect(watched.last).toMatchObject({ keys: [one], failure: expect.stringContaining('answers 503') });
    const old = watch(feed({ maxStale: 0 }), last);
    await until(() => old.values.length === 1);
    expect(old.last).toMatchObject({ keys: null, failure: expect.stringContaining('answers 503') });
  });
});

describe('an unknown key', () => {
  test('is looked for at once, but never twice in 30 s, however many ask', async () => {
    provider.answer = json({ keys: [one] });
    const { watch, clock, source } = open();
    const watched = watch(feed());
    await until(() => watched.values.length === 1);
    clock.advance(30_000);
    provider.answer = json({ keys: [two] });
    const answers = await Promise.all(Array.from({ length: 10_000 }, () => watched.running.refresh()));
    expect(answers.every(Boolean)).toBe(true);
    expect(watched.last?.keys).toEqual([two]);
    expect(provider.asked).toHaveLength(2);
    clock.advance(29_999);
    expect(await watched.running.refresh()).toBe(false);
    expect(provider.asked).toHaveLength(2);
    clock.advance(1);
    provider.answer = (_request, response) => void response.writeHead(503).end();
    expect(await watched.running.refresh()).toBe(false);
    expect(provider.asked).toHaveLength(3);
    expect(watched.last?.keys).toEqual([two]);
    expect(metric(source, 'fetches_total')).toBe(3);
  });

  test('of several feeds of one URL costs one fetch', async () => {
    let answer = () => undefined as unknown;
    provider.answer = (request, response) => {
      answer = () => json({ keys: [one] })(request, response);
    };
    const { watch } = open();
    const both = [watch(feed()), watch(feed({ maxStale: 0 }))];
    await until(() => provider.asked.length === 1);
    answer();
    await until(() => both.every(({ values }) => values.length === 1));
    expect(provider.asked).toHaveLength(1);
  });
});

test('a feed that is closed asks no more', async () => {
  provider.answer = json({ keys: [one] });
  const { watch, clock, source } = open();
  const watched = watch(feed());
  await until(() => watched.values.length === 1);
  watched.running.close();
  expect(clock.waiting).toBe(0);
  expect(await watched.running.refresh()).toBe(false);
  expect(metric(source, 'fetches_total')).toBeUndefined();
});
