import { describe, expect, test } from '@jest/globals';
import { type ExchangeOptions, run } from '../../testkit/exchange.ts';
import { TestFeed, testFilterEnv } from '../../testkit/filter-env.ts';
import { createMmdb, sharedBytes } from '../../testkit/mmdb.ts';
import { testPolicyContext } from '../../testkit/policy-context.ts';
import { isProblems } from '../translated.ts';
import { createIpAccess } from './filter.ts';
import type { IpAccessConfig, IpAccessSpec } from './schema.ts';
import { translateIpAccess } from './translate.ts';

const ref = (action: 'Allow' | 'Deny') => ({ name: 'cidrs', key: 'list', action });

describe('translate', () => {
  test.each<[string, IpAccessSpec, string, string]>([
    ['nothing', {}, 'ipAccess', 'says nothing'],
    ['a prefix that is too long', { allow: ['10.0.0.0/33'] }, 'ipAccess.allow[0]', '10.0.0.0/8'],
    ['an octet too large', { deny: ['10.0.0.0/8', '300.0.0.0/8'] }, 'ipAccess.deny[1]', '10.0.0.0/8'],
    ['no countries', { countries: {} }, 'ipAccess.countries', 'says nothing'],
  ])('%s is refused', (_, spec, path, message) => {
    const problems = translateIpAccess(spec, 'ipAccess', testPolicyContext());
    expect(problems).toEqual([{ path, reason: 'UnsupportedValue', message: expect.stringContaining(message) }]);
  });

  test('countries without a database of them are refused', () => {
    const context = testPolicyContext({ hasCountries: false });
    expect(translateIpAccess({ countries: { deny: ['DE'] } }, 'ipAccess', context)).toEqual([
      { path: 'ipAccess.countries', reason: 'UnsupportedValue', message: expect.stringContaining('--geoip-database') },
    ]);
  });

  test('a ConfigMap that is not there is a reference that does not resolve', () => {
    expect(translateIpAccess({ listRef: ref('Allow') }, 'ipAccess', testPolicyContext())).toEqual([
      expect.objectContaining({ path: 'ipAccess.listRef', reason: 'RefNotFound' }),
    ]);
  });

  test('a list has comments, empty lines, single addresses, and either end of line', () => {
    const list = '# offices\n10.0.0.0/8 # Berlin\r\n\n  192.0.2.7\t\nfd00::/8';
    expect(config({ listRef: ref('Allow') }, list)).toEqual({
      allow: ['10.0.0.0/8', '192.0.2.7', 'fd00::/8'],
      deny: [],
      countries: null,
    });
    expect(config({ allow: ['172.16.0.0/12'], listRef: ref('Deny') }, list)).toEqual({
      allow: ['172.16.0.0/12'],
      deny: ['10.0.0.0/8', '192.0.2.7', 'fd00::/8'],
      countries: null,
    });
    expect(config({ allow: ['172.16.0.0/12'], listRef: ref('Allow') }, '10.0.0.1')).toMatchObject({
      allow: ['172.16.0.0/12', '10.0.0.1'],
    });
  });

  test('a bad line is named, and none of the list is used', () => {
    const context = testPolicyContext({ configMaps: { 'cidrs/list': '10.0.0.0/8\n\nexample.com\n10.0.0.1 10.0.0.2' } });
    expect(translateIpAccess({ listRef: ref('Allow') }, 'ipAccess', context)).toEqual([
      expect.objectContaining({
        message: expect.stringContaining('line 3 of ConfigMap shop/cidrs, key list: "example.com"'),
      }),
      expect.objectContaining({ message: expect.stringContaining('line 4') }),
    ]);
  });

  test('thousands of bad lines are five problems and a number', () => {
    const context = testPolicyContext({ configMaps: { 'cidrs/list': Array(2_000).fill('x'.repeat(500)).join('\n') } });
    const problems = translateIpAccess({ listRef: ref('Allow') }, 'ipAccess', context);
    if (!isProblems(problems)) throw new Error('translated');
    expect(problems).toHaveLength(6);
    expect(problems.at(-1)?.message).toContain('1995 more lines');
    expect(Math.max(...problems.map(({ message }) => message.length))).toBeLessThan(300);
  });
});

describe('addresses', () => {
  test.each<[IpAccessSpec, string, boolean]>([
    [{ allow: ['10.0.0.0/8'] }, '10.1.2.3', true],
    [{ allow: ['10.0.0.0/8'] }, '11.1.2.3', false],
    [{ allow: ['10.0.0.0/8'] }, '::ffff:10.1.2.3', true],
    [{ allow: ['10.0.0.0/8'] }, '2001:db8::1', false],
    [{ deny: ['10.0.0.0/8'] }, '10.1.2.3', false],
    [{ deny: ['10.0.0.0/8'] }, '::ffff:a01:203', false],
    [{ deny: ['10.0.0.0/8'] }, '11.1.2.3', true],
    [{ deny: ['2001:db8::/32'] }, '2001:db8:1::1', false],
    [{ allow: ['10.0.0.0/8'], deny: ['10.9.0.0/16'] }, '10.8.0.1', true],
    [{ allow: ['10.0.0.0/8'], deny: ['10.9.0.0/16'] }, '10.9.0.1', false],
    // Deny wins however narrow the allow is.
    [{ allow: ['10.9.0.1/32'], deny: ['10.0.0.0/8'] }, '10.9.0.1', false],
    // Who has no address is not let in by a list that only says who may not.
    [{ deny: ['10.0.0.0/8'] }, '', false],
    [{ deny: ['10.0.0.0/8'] }, 'unknown', false],
  ])('%j lets %j in: %s', async (spec, clientAddress, passes) => {
    const seen = await run(filter(config(spec)), { clientAddress });
    expect([seen.denied, seen.status]).toEqual(passes ? [undefined, 200] : ['address-denied', 403]);
  });

  test('the client is asked, not the peer', async () => {
    const one = filter(config({ allow: ['192.0.2.0/24'] }));
    expect((await run(one, { clientAddress: '192.0.2.9', peerAddress: '10.0.0.1' })).denied).toBeUndefined();
    expect((await run(one, { clientAddress: '10.0.0.1', peerAddress: '192.0.2.9' })).denied).toBe('address-denied');
  });

  test('an empty allow list lets nobody in', async () => {
    expect((await run(filter(config({ listRef: ref('Allow') }, '# none yet')))).denied).toBe('address-denied');
  });

  test('a configuration with an entry that is none cannot be built', () => {
    expect(() => filter({ allow: null, deny: ['10.0.0.0/33'], countries: null })).toThrow('10.0.0.0/33');
  });

  test('of 10,000 entries each is found, and nothing beside them', async () => {
    const list = Array.from({ length: 10_000 }, (_, i) => `10.${i >> 8}.${i % 256}.1`);
    const one = filter(config({ listRef: ref('Deny') }, list.join('\n')));
    const verdicts = await Promise.all(list.map(async (clientAddress) => (await run(one, { clientAddress })).denied));
    expect(new Set(verdicts)).toEqual(new Set(['address-denied']));
    const others = list.map((address) => address.replace(/1$/, '2'));
    const passed = await Promise.all(others.map(async (clientAddress) => (await run(one, { clientAddress })).denied));
    expect(new Set(passed)).toEqual(new Set([undefined]));
  });
});

describe('countries', () => {
  const database = createMmdb({
    '192.0.2.0/24': { country: { iso_code: 'DE' } },
    '192.0.2.128/25': { country: { iso_code: 'FR', names: { en: 'France' } } },
    '198.51.100.0/24': { country_code: 'US' },
    '203.0.113.0/24': { registered_country: { iso_code: 'DE' } },
    '2001:db8::/32': { country: { iso_code: 'DE' } },
  });
  const open = (value: unknown = { database: sharedBytes(database), failure: '' }) => {
    const feed = new TestFeed(value);
    return { feed, env: testFilterEnv({ feed: () => feed }) };
  };

  test.each<[NonNullable<IpAccessSpec['countries']>, string, boolean]>([
    [{ allow: ['DE'] }, '192.0.2.1', true],
    [{ allow: ['DE'] }, '192.0.2.129', false],
    [{ allow: ['DE', 'US'] }, '198.51.100.1', true],
    [{ allow: ['DE'] }, '2001:db8::7', true],
    [{ allow: ['DE'] }, '2001:db9::7', false],
    [{ allow: ['DE'] }, '10.0.0.1', false],
    // Where a network is registered is not where its clients are.
    [{ allow: ['DE'] }, '203.0.113.1', false],
    [{ deny: ['DE'] }, '192.0.2.1', false],
    [{ deny: ['DE'] }, '192.0.2.129', true],
    [{ deny: ['DE'] }, '10.0.0.1', true],
    [{ allow: ['DE', 'FR'], deny: ['FR'] }, '192.0.2.129', false],
  ])('%j let %s in: %s', async (countries, clientAddress, passes) => {
    const one = createIpAccess(config({ countries }), open().env);
    expect((await run(one, { clientAddress })).denied).toBe(passes ? undefined : 'address-denied');
  });

  test('and networks have both to let a client in', async () => {
    const spec: IpAccessSpec = { allow: ['192.0.2.1/32', '198.51.100.1/32'], countries: { allow: ['DE'] } };
    const one = createIpAccess(config(spec), open().env);
    const ask = async (clientAddress: string) => (await run(one, { clientAddress })).denied;
    expect([await ask('192.0.2.1'), await ask('192.0.2.2'), await ask('198.51.100.1')]).toEqual([
      undefined,
      'address-denied',
      'address-denied',
    ]);
  });

  test.each([
    ['before the first word of the services thread', new TestFeed()],
    ['without a database', new TestFeed({ database: null, failure: '--geoip-database is not set' })],
    ['with a file that is none', new TestFeed({ database: sharedBytes(new Uint8Array(100)), failure: '' })],
  ])('%s nobody passes: 503', async (_, feed) => {
    const one = createIpAccess(config({ countries: { deny: ['DE'] } }), testFilterEnv({ feed: () => feed }));
    expect(await run(one, { clientAddress: '192.0.2.200' })).toMatchObject({
      denied: 'policy-unavailable',
      status: 503,
      responseHeaders: ['Retry-After: 5'],
    });
  });

  test('who is denied by the networks is so without a database too', async () => {
    const { env } = open({ database: null, failure: 'x' });
    const one = createIpAccess(config({ deny: ['192.0.2.0/24'], countries: { deny: ['DE'] } }), env);
    expect((await run(one, { clientAddress: '192.0.2.1' })).denied).toBe('address-denied');
  });

  test('a new database counts from then on, and the watch ends with the filter', async () => {
    const { feed, env } = open();
    const one = createIpAccess(config({ countries: { allow: ['DE'] } }), env);
    const ask: ExchangeOptions = { clientAddress: '192.0.2.1' };
    expect((await run(one, ask)).denied).toBeUndefined();
    feed.set({ database: sharedBytes(createMmdb({ '192.0.2.0/24': { country: { iso_code: 'AT' } } })), failure: '' });
    expect((await run(one, ask)).denied).toBe('address-denied');
    feed.set({ database: sharedBytes(database), failure: '' });
    expect((await run(one, ask)).denied).toBeUndefined();
    one.close?.();
    expect(feed.watchers).toBe(0);
  });

  test('no database is asked for where no country is named', () => {
    expect(() => createIpAccess(config({ deny: ['10.0.0.0/8'] }), testFilterEnv())).not.toThrow();
  });
});

function config(spec: IpAccessSpec, list = ''): IpAccessConfig {
  const result = translateIpAccess(spec, 'ipAccess', testPolicyContext({ configMaps: { 'cidrs/list': list } }));
  if (isProblems(result)) throw new Error(JSON.stringify(result));
  return result;
}

function filter(of: IpAccessConfig) {
  return createIpAccess(of, testFilterEnv());
}
