import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../api/object.ts';
import { validateObject } from '../../api/validate.ts';
import { type ExchangeOptions, run, type Seen } from '../../testkit/exchange.ts';
import { testFilterEnv } from '../../testkit/filter-env.ts';
import { testPolicyContext } from '../../testkit/policy-context.ts';
import { isProblems } from '../translated.ts';
import { createKey, hashOfKey } from './apikey-format.ts';
import type { ApiKeySpec } from './apikey-spec.ts';
import { createAuthentication } from './filter.ts';
import { translateAuthentication } from './translate.ts';

const keyOf = (id: string, byte = 1) =>
  createKey({ prefix: 'gwk', id, random: (size) => new Uint8Array(size).fill(byte) });
const now = Date.parse('2026-12-01T00:00:00Z');

/** An APIKey as the sources give it. */
function apiKey(name: string, spec: object, labels: Readonly<Record<string, string>> = {}): KubeObject {
  const metadata = { name, namespace: 'shop', labels };
  const result = validateObject({ apiVersion: 'gateway.suuupra.io/v1alpha1', kind: 'APIKey', metadata, spec });
  if (!('object' in result)) throw new Error(JSON.stringify(result));
  return result.object;
}

const key = (id: string, more: object = {}) => ({ id, hash: hashOfKey(keyOf(id)), ...more });
const objects = [
  apiKey(
    'partner',
    { subject: 'partner-a', scopes: ['orders.read'], metadata: { plan: 'gold', sub: 'root' }, keys: [key('good1')] },
    { tier: 'gold' },
  ),
  apiKey('other', { subject: 'other', keys: [key('other1')] }),
  apiKey('stopped', { subject: 'stopped', suspended: true, keys: [key('stop1')] }),
  apiKey('timed', {
    subject: 'timed',
    keys: [key('past1', { expires: '2026-12-01T00:00:00Z' }), key('next1', { notBefore: '2026-12-01T00:00:01Z' })],
  }),
];

interface Options {
  readonly allowAnonymous?: boolean;
  readonly objects?: readonly KubeObject[];
  readonly wallClock?: () => number;
}

function filter(spec: Partial<ApiKeySpec>, options: Options = {}) {
  const method = {
    name: 'partners',
    type: 'APIKey' as const,
    apiKey: { source: 'Objects' as const, selector: {}, forward: 'Strip' as const, ...spec },
  };
  const config = translateAuthentication(
    { require: 'Any', allowAnonymous: options.allowAnonymous ?? false, methods: [method] },
    'spec',
    testPolicyContext({ objects: options.objects ?? objects }),
  );
  if (isProblems(config)) throw new Error(JSON.stringify(config));
  return createAuthentication(
    JSON.parse(JSON.stringify(config)),
    testFilterEnv({ wallClock: options.wallClock ?? (() => now) }),
  );
}

function ask(spec: Partial<ApiKeySpec>, exchange: ExchangeOptions, options: Options = {}): Promise<Seen> {
  return run(filter(spec, options), exchange);
}

const shown = (value: string): ExchangeOptions => ({ headers: { 'x-api-key': value } });

describe('a key', () => {
  test('that is good says who is asking, and is not forwarded', async () => {
    const seen = await ask({}, { headers: { 'x-api-key': keyOf('good1'), accept: '*/*' } });
    expect(seen.denied).toBeUndefined();
    expect(seen.identity).toEqual({
      method: 'APIKey',
      provider: 'partners',
      subject: 'partner-a',
      tenant: 'shop',
      scopes: ['orders.read'],
      roles: [],
      claims: { plan: 'gold', sub: 'partner-a', scope: 'orders.read' },
    });
    expect(seen.requestHeaders).toEqual(['accept: */*']);
  });

  test.each<[string, string]>([
    ['unknown', keyOf('nobody')],
    ['of another secret', keyOf('good1', 2)],
    ['suspended', keyOf('stop1')],
    ['expired this very moment', keyOf('past1')],
    ['not valid yet', keyOf('next1')],
    ['no key at all', 'hello'],
    ['the hash itself', hashOfKey(keyOf('good1'))],
    ['shown twice', `${keyOf('good1')}, ${keyOf('good1')}`],
    ['half of one', keyOf('good1').slice(0, -1)],
    ['megabytes', 'x'.repeat(1_000_000)],
  ])('that is %s is 401, and says nothing more', async (_, value) => {
    const seen = await ask({}, shown(value));
    expect([seen.denied, seen.identity]).toEqual(['unauthenticated', null]);
    expect(seen.responseHeaders).toEqual(['WWW-Authenticate: ApiKey realm="partners", error="invalid_token"']);
  });

  test('that is bad does not pass as nobody', async () => {
    expect((await ask({}, shown('hello'), { allowAnonymous: true })).denied).toBe('unauthenticated');
    expect((await ask({}, {}, { allowAnonymous: true })).denied).toBeUndefined();
  });

  test('that is not there is 401 with a challenge', async () => {
    const seen = await ask({}, {});
    expect(seen.denied).toBe('unauthenticated');
    expect(seen.responseHeaders).toEqual(['WWW-Authenticate: ApiKey realm="partners"']);
  });

  test('begins and ends while it is configured', async () => {
    let time = now;
    const timed = filter({}, { wallClock: () => time });
    const denied = async (id: string) => (await run(timed, shown(keyOf(id)))).denied;
    expect([await denied('past1'), await denied('next1')]).toEqual(['unauthenticated', 'unauthenticated']);
    time -= 1;
    expect(await denied('past1')).toBeUndefined();
    time += 1_001;
    expect(await denied('next1')).toBeUndefined();
  });

  test('without a scope that is asked for is 403, and says which', async () => {
    const spec = { requiredScopes: ['orders.read', 'orders.write'] };
    const seen = await ask(spec, shown(keyOf('good1')));
    expect([seen.denied, seen.status]).toEqual(['forbidden', 403]);
    expect(seen.responseHeaders).toEqual([
      'WWW-Authenticate: ApiKey realm="partners", error="insufficient_scope", scope="orders.read orders.write"',
    ]);
    expect((await ask({ requiredScopes: ['orders.read'] }, shown(keyOf('good1')))).denied).toBeUndefined();
  });

  test('of an object without the labels is none', async () => {
    const spec = { selector: { matchLabels: { tier: 'gold' } } };
    expect((await ask(spec, shown(keyOf('good1')))).denied).toBeUndefined();
    expect((await ask(spec, shown(keyOf('other1')))).denied).toBe('unauthenticated');
  });

  test('whose id stands in two objects is told apart by its secret', async () => {
    const twins = [
      apiKey('one', { subject: 'one', keys: [{ id: 'twin', hash: hashOfKey(keyOf('twin', 1)) }] }),
      apiKey('two', { subject: 'two', keys: [{ id: 'twin', hash: hashOfKey(keyOf('twin', 2)) }] }),
    ];
    const who = async (byte: number) =>
      (await ask({}, shown(keyOf('twin', byte)), { objects: twins })).identity?.subject;
    expect([await who(1), await who(2), await who(3)]).toEqual(['one', 'two', undefined]);
  });

  test.each(['__proto__', 'constructor', 'toString'])(
    'with the id %s is not found in what objects inherit',
    async (id) => {
      expect((await ask({}, shown(`gwk_${id}_${'a'.repeat(49)}`))).denied).toBe('unauthenticated');
    },
  );
});

describe('beside other methods', () => {
  const method = (name: string, tier: string) => ({
    name,
    type: 'APIKey' as const,
    apiKey: { source: 'Objects' as const, selector: { matchLabels: { tier } }, forward: 'Strip' as const },
  });
  const both = (first: string, second: string) => {
    const config = translateAuthentication(
      { require: 'Any', allowAnonymous: true, methods: [method('one', first), method('two', second)] },
      'spec',
      testPolicyContext({ objects }),
    );
    if (isProblems(config)) throw new Error(JSON.stringify(config));
    return createAuthentication(config, testFilterEnv({ wallClock: () => now }));
  };

  test('a key of another one is left to it, and a key of none is still 401', async () => {
    expect((await run(both('silver', 'gold'), shown(keyOf('good1')))).identity).toMatchObject({ provider: 'two' });
    expect((await run(both('silver', 'bronze'), shown(keyOf('good1')))).denied).toBe('unauthenticated');
  });

  test('of one that is not reached, only the accepted key goes on', async () => {
    const seen = await run(both('gold', 'silver'), shown(keyOf('good1')));
    expect([seen.identity?.provider, seen.requestHeaders]).toEqual(['one', []]);
  });
});

describe('where a key stands', () => {
  const extractFrom = {
    headers: [{ name: 'Authorization', valuePrefix: 'ApiKey ' }],
    cookies: ['api_key'],
    params: ['api key'],
  };

  test.each<[string, ExchangeOptions, readonly string[]]>([
    ['a header with a scheme', { headers: { authorization: `apikey ${keyOf('good1')}`, a: 'b' } }, ['', 'a: b']],
    ['a cookie', { headers: { cookie: `a=1; api_key=${keyOf('good1')}; b=2` } }, ['', 'Cookie: a=1; b=2']],
    ['a query parameter', { target: `/?a=1&api%20key=${keyOf('good1')}&b=2` }, ['?a=1&b=2']],
  ])('%s is found, and stripped alone', async (_, exchange, rest) => {
    const seen = await ask({ extractFrom }, exchange);
    expect(seen.identity?.subject).toBe('partner-a');
    expect([seen.forwardQuery, ...seen.requestHeaders]).toEqual(rest);
  });

  test('another scheme in the header is not ours to refuse', async () => {
    const seen = await ask({ extractFrom }, { headers: { authorization: 'Basic YTpi' } });
    expect(seen.responseHeaders).toEqual(['WWW-Authenticate: apikey realm="partners"']);
  });

  test('is kept with forward: Keep', async () => {
    const seen = await ask({ forward: 'Keep' }, shown(keyOf('good1')));
    expect(seen.requestHeaders).toEqual([`x-api-key: ${keyOf('good1')}`]);
  });
});

describe('what the backend learns', () => {
  const claimToHeaders = [
    { header: 'X-User', claim: 'sub' },
    { header: 'X-Plan', claim: 'plan' },
    { header: 'X-Org', claim: 'org' },
  ];
  const spoofed = { 'x-user': 'root', X_USER: 'root', 'X-Plan': 'free', 'x-org': 'evil', x_org: 'evil' };

  test('is what the object says, whatever the client sends', async () => {
    const seen = await ask({ claimToHeaders }, { headers: { 'x-api-key': keyOf('good1'), ...spoofed } });
    // metadata.sub of the object is "root": it names nobody.
    expect(seen.requestHeaders).toEqual(['X-User: partner-a', 'X-Plan: gold']);
  });

  test('is nothing of an anonymous client, whatever it sends', async () => {
    const seen = await ask({ claimToHeaders }, { headers: spoofed }, { allowAnonymous: true });
    expect([seen.denied, seen.requestHeaders]).toEqual([undefined, []]);
  });
});

test.each<[string, Partial<ApiKeySpec>, string]>([
  ['no place for the key', { extractFrom: {} }, 'spec.methods[0].apiKey.extractFrom'],
  [
    'an identity in the header of the key',
    { claimToHeaders: [{ header: 'X-API-Key', claim: 'sub' }] },
    'spec.methods[0].apiKey.claimToHeaders[0].header',
  ],
  [
    'an identity in Host',
    { claimToHeaders: [{ header: 'Host', claim: 'sub' }] },
    'spec.methods[0].apiKey.claimToHeaders[0].header',
  ],
])('%s is a problem', (_, spec, path) => {
  const method = {
    name: 'a',
    type: 'APIKey' as const,
    apiKey: { source: 'Objects' as const, selector: {}, forward: 'Strip' as const, ...spec },
  };
  const result = translateAuthentication(
    { require: 'Any', allowAnonymous: false, methods: [method] },
    'spec',
    testPolicyContext(),
  );
  expect(result).toMatchObject([{ path, reason: 'UnsupportedValue' }]);
});

test('a suspended key is not even told to workers, nor is a key in the clear', () => {
  const method = {
    name: 'a',
    type: 'APIKey' as const,
    apiKey: { source: 'Objects' as const, selector: {}, forward: 'Strip' as const },
  };
  const text = JSON.stringify(
    translateAuthentication(
      { require: 'Any', allowAnonymous: false, methods: [method] },
      'spec',
      testPolicyContext({ objects }),
    ),
  );
  expect(text).toContain('good1');
  expect(text).not.toContain('stop1');
  expect(text).not.toContain('gwk_');
});
