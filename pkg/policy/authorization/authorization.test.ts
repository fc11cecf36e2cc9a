import { describe, expect, test } from '@jest/globals';
import { type ExchangeOptions, run, type Seen } from '../../testkit/exchange.ts';
import { TestFeed, testFilterEnv } from '../../testkit/filter-env.ts';
import { createMmdb, sharedBytes } from '../../testkit/mmdb.ts';
import { testPolicyContext } from '../../testkit/policy-context.ts';
import type { Identity } from '../identity.ts';
import { isProblems } from '../translated.ts';
import { createAuthorization } from './filter.ts';
import type { AuthorizationConfig, AuthorizationSpec, TenantSpec } from './schema.ts';
import { translateAuthorization } from './translate.ts';

type Rule = NonNullable<AuthorizationSpec['rules']>[number];
const allow = (rule: Omit<Rule, 'action' | 'name'>, name = 'a'): Rule => ({ name, action: 'Allow', ...rule });
const deny = (rule: Omit<Rule, 'action' | 'name'>, name = 'd'): Rule => ({ name, action: 'Deny', ...rule });

const user: Identity = {
  method: 'JWT',
  provider: 'corp',
  subject: 'u1',
  tenant: 'acme',
  scopes: ['read', 'write'],
  roles: ['dev'],
  claims: { org: { id: 7, plan: 'gold' }, groups: ['g1', 'g2'], 'https://a.test/x.y': 'namespaced', verified: true },
};

describe('rules', () => {
  test.each<[string, readonly Rule[], 'passes' | 'refused']>([
    ['all scopes are there', [allow({ scopes: ['read', 'write'] })], 'passes'],
    ['one scope is missing', [allow({ scopes: ['read', 'admin'] })], 'refused'],
    ['one of the roles is there', [allow({ roles: ['admin', 'dev'] })], 'passes'],
    ['no role is there', [allow({ roles: ['admin'] })], 'refused'],
    ['a nested claim', [allow({ claims: [{ claim: 'org.plan', values: ['silver', 'gold'] }] })], 'passes'],
    [
      'a claim with dots in its name',
      [allow({ claims: [{ claim: 'https://a.test/x.y', values: ['namespaced'] }] })],
      'passes',
    ],
    ['a number', [allow({ claims: [{ claim: 'org.id', values: ['7'] }] })], 'passes'],
    ['a bool', [allow({ claims: [{ claim: 'verified', values: ['true'] }] })], 'passes'],
    ['an element of a list', [allow({ claims: [{ claim: 'groups', values: ['g2'] }] })], 'passes'],
    ['an object is no value', [allow({ claims: [{ claim: 'org', values: ['[object Object]'] }] })], 'refused'],
    [
      'what every object inherits is no claim',
      [allow({ claims: [{ claim: 'constructor.name', values: ['Object'] }] })],
      'refused',
    ],
    [
      'every claim must hold',
      [
        allow({
          claims: [
            { claim: 'org.plan', values: ['gold'] },
            { claim: 'org.id', values: ['8'] },
          ],
        }),
      ],
      'refused',
    ],
    ['all parts of a rule must hold', [allow({ scopes: ['read'], roles: ['admin'] })], 'refused'],
    ['one rule is enough', [allow({ roles: ['admin'] }), allow({ scopes: ['read'] }, 'b')], 'passes'],
    ['a condition', [allow({ when: 'request.method == "GET" && identity.subject == "u1"' })], 'passes'],
    ['a condition that does not hold', [allow({ when: 'request.method == "PUT"' })], 'refused'],
    ['deny wins, wherever it stands', [allow({}), deny({ roles: ['dev'] })], 'refused'],
    ['a deny that does not match', [deny({ roles: ['admin'] }), allow({})], 'passes'],
    ['only denies: everybody else passes', [deny({ roles: ['admin'] })], 'passes'],
    [
      'a condition that fails denies: allow',
      [allow({ when: 'identity.claims.absent == "a"' }), allow({}, 'b')],
      'refused',
    ],
    ['a condition that fails denies: deny', [deny({ when: 'identity.claims.absent == "a"' }), allow({})], 'refused'],
    [
      'a condition is not asked if its rule does not match',
      [allow({ roles: ['admin'], when: 'identity.claims.absent == "a"' }), allow({}, 'b')],
      'passes',
    ],
    [
      'a condition beyond its budget denies',
      [
        allow({
          when: 'request.headers["x-long"].matches("(?:a|aa|aaa|aaaa|aaaaa)*b")',
        }),
        allow({}, 'b'),
      ],
      'refused',
    ],
  ])('%s', async (_, rules, expected) => {
    const seen = await authorize({ rules }, { identity: user, headers: { 'x-long': 'a'.repeat(50_000) } });
    expect(seen.denied).toBe(expected === 'passes' ? undefined : 'forbidden');
  });

  test.each<[AuthorizationSpec, string | undefined]>([
    [{ defaultAction: 'Deny' }, 'forbidden'],
    [{ defaultAction: 'Allow' }, undefined],
    [{ defaultAction: 'Allow', rules: [allow({ roles: ['admin'] })] }, undefined],
    [{ defaultAction: 'Deny', rules: [deny({ roles: ['admin'] })] }, 'forbidden'],
  ])('default action of %j', async (spec, denied) => {
    expect((await authorize(spec, { identity: user })).denied).toBe(denied);
  });
});

describe('the country of the client', () => {
  const database = createMmdb({
    '192.0.2.0/24': { country: { iso_code: 'DE' } },
    '198.51.100.0/24': { country: { iso_code: 'FR' } },
  });
  const spec = { rules: [allow({ when: 'client.country == "DE"' })] };
  const serve = (feed: TestFeed, of: AuthorizationSpec = spec) =>
    createAuthorization(config(of), testFilterEnv({ feed: () => feed }));

  test.each([
    ['192.0.2.1', undefined],
    ['198.51.100.1', 'forbidden'],
    // Of no known country, and no address.
    ['10.0.0.1', 'forbidden'],
    ['', 'forbidden'],
  ])('%j: %s', async (clientAddress, denied) => {
    const one = serve(new TestFeed({ database: sharedBytes(database), failure: '' }));
    expect((await run(one, { clientAddress })).denied).toBe(denied);
  });

  test('an unknown one is an empty text', async () => {
    const feed = new TestFeed({ database: sharedBytes(database), failure: '' });
    const one = serve(feed, { rules: [allow({ when: 'client.country == ""' })] });
    const ask = async (clientAddress: string) => (await run(one, { clientAddress })).denied;
    expect([await ask('10.0.0.1'), await ask(''), await ask('192.0.2.1')]).toEqual([undefined, undefined, 'forbidden']);
  });

  test.each([
    ['before the first word of the services thread', new TestFeed()],
    ['with a file that is none', new TestFeed({ database: sharedBytes(new Uint8Array(100)), failure: '' })],
  ])('%s nobody passes, not even by a rule that names another', async (_, feed) => {
    const one = serve(feed, { defaultAction: 'Allow', rules: [deny({ when: 'client.country == "FR"' })] });
    expect((await run(one, { clientAddress: '192.0.2.1' })).denied).toBe('forbidden');
  });

  test('a new database counts from then on, and the watch ends with the filter', async () => {
    const feed = new TestFeed();
    const one = serve(feed);
    feed.set({ database: sharedBytes(database), failure: '' });
    expect((await run(one, { clientAddress: '192.0.2.1' })).denied).toBeUndefined();
    expect(feed.watchers).toBe(1);
    one.close?.();
    expect(feed.watchers).toBe(0);
  });

  test('no database is asked for where none is named', () => {
    expect(() => createAuthorization(config({ rules: [allow({ when: 'true' })] }), testFilterEnv())).not.toThrow();
  });

  test('a gateway without a database has no such variable', () => {
    expect(translateAuthorization(spec, 'f', testPolicyContext({ hasCountries: false }))).toEqual([
      {
        path: 'f.rules[0].when',
        reason: 'UnsupportedValue',
        message: expect.stringContaining('start the gateway with --geoip-database'),
      },
    ]);
  });
});

describe('answers', () => {
  test.each<[string, readonly Rule[], Identity, string | undefined]>([
    [
      'a bearer token without the scopes',
      [allow({ scopes: ['read', 'admin'] })],
      user,
      'Bearer error="insufficient_scope", scope="read admin"',
    ],
    [
      'the first rule where only scopes are missing',
      [allow({ scopes: ['a'], roles: ['admin'] }), allow({ scopes: ['b'] }, 'b')],
      user,
      'Bearer error="insufficient_scope", scope="b"',
    ],
    ['scopes are not all that is missing', [allow({ scopes: ['a'], roles: ['admin'] })], user, undefined],
    ['no scope is asked for', [allow({ roles: ['admin'] })], user, undefined],
    ['the credential is no bearer token', [allow({ scopes: ['admin'] })], { ...user, method: 'APIKey' }, undefined],
  ])('403: %s', async (_, rules, identity, challenge) => {
    const seen = await authorize({ rules }, { identity });
    expect(seen).toMatchObject({ status: 403, denied: 'forbidden' });
    expect(seen.responseHeaders).toEqual(challenge === undefined ? [] : [`WWW-Authenticate: ${challenge}`]);
  });

  test.each<[string, readonly Rule[], number]>([
    ['a credential could help', [allow({ scopes: ['read'] })], 401],
    ['a condition asks who it is', [allow({ when: 'identity.subject == "u1"' })], 401],
    ['no credential could help', [allow({ when: 'request.method == "PUT"' })], 403],
    ['a rule denies everybody', [deny({}), allow({ scopes: ['read'] })], 403],
  ])('anonymous: %s', async (_, rules, status) => {
    const challenge = 'Basic realm="a", charset="UTF-8", ApiKey realm="b"';
    const seen = await authorize({ rules }, { challenge });
    expect(seen.status).toBe(status);
    expect(seen.responseHeaders).toEqual(status === 401 ? [`WWW-Authenticate: ${challenge}`] : []);
    // No authentication is in force, or none that HTTP has a challenge for.
    expect(await authorize({ rules })).toMatchObject({ denied: 'forbidden', responseHeaders: [] });
  });

  test('anonymous requests pass rules that ask for nothing of them', async () => {
    const rules = [allow({ scopes: ['write'] }), allow({ when: 'request.method == "GET"' }, 'b')];
    expect((await authorize({ rules })).local).toBeUndefined();
  });
});

describe('tenants', () => {
  const hostname = { type: 'Hostname', hostname: { suffix: 'Shop.test' } } as const;
  const path = { type: 'Path', path: { prefix: '/tenants' } } as const;
  const header = { type: 'Header', header: { name: 'X-Tenant' } } as const;

  test.each<[TenantSpec, ExchangeOptions, boolean]>([
    [hostname, { host: 'acme.shop.test' }, true],
    [hostname, { host: 'other.shop.test' }, false],
    [hostname, { host: 'evil.acme.shop.test' }, false],
    [hostname, { host: 'evil.acme.shop.test', identity: { ...user, tenant: 'evil.acme' } }, false],
    [hostname, { host: 'acme.evilshop.test' }, false],
    [hostname, { host: 'shop.test' }, false],
    [hostname, { host: '.shop.test' }, false],
    [hostname, { host: 'acme.shop.test', identity: { ...user, tenant: 'ACME' } }, true],
    [hostname, { host: 'kiwi.shop.test', identity: { ...user, tenant: '\u212aiwi' } }, false],
    [path, { target: '/tenants/acme/orders' }, true],
    [path, { target: '/tenants/acme' }, true],
    [path, { target: '/tenants/acmeevil' }, false],
    [path, { target: '/tenants/ACME/orders' }, false],
    [path, { target: '/tenants//acme' }, false],
    [path, { target: '/tenants/' }, false],
    [path, { target: '/other' }, false],
    [path, { target: '/x/tenants/acme' }, false],
    [header, { headers: { 'x-tenant': 'acme' } }, true],
    [header, { headers: { 'x-tenant': ['acme', 'acme'] } }, false],
    [header, { headers: { 'x-tenant': '' } }, false],
    [header, { headers: { 'x-tenant': 'acme', x_tenant: 'other' } }, false],
    [header, {}, false],
    [{ ...header, claim: 'org.plan' }, { headers: { 'x-tenant': 'gold' } }, true],
    [{ ...header, claim: 'org.id' }, { headers: { 'x-tenant': '7' } }, true],
    [{ ...header, claim: 'org' }, { headers: { 'x-tenant': '' } }, false],
    [header, { headers: { 'x-tenant': '' }, identity: { ...user, tenant: '' } }, false],
  ])('%j with %j: %s', async (tenant, options, passes) => {
    const seen = await authorize({ tenant }, { identity: user, ...options });
    expect(seen.denied).toBe(passes ? undefined : 'forbidden');
  });

  test('an anonymous request has none', async () => {
    const headers = { 'x-tenant': 'acme' };
    expect((await authorize({ tenant: header }, { headers, challenge: 'Bearer' })).status).toBe(401);
    expect((await authorize({ tenant: header }, { headers })).status).toBe(403);
  });

  test('the right one does not open what the rules close', async () => {
    const spec = { tenant: header, rules: [allow({ roles: ['admin'] })] };
    expect((await authorize(spec, { identity: user, headers: { 'x-tenant': 'acme' } })).denied).toBe('forbidden');
  });
});

describe('translate refuses', () => {
  test.each<[string, AuthorizationSpec, string]>([
    ['an empty key', {}, 'f'],
    ['a mistake in an expression', { rules: [allow({}), allow({ when: 'request.foo == 1' }, 'b')] }, 'f.rules[1].when'],
    ['an expression that is no condition', { rules: [allow({ when: 'request.method' })] }, 'f.rules[0].when'],
    [
      'a member of another type',
      { tenant: { type: 'Path', path: { prefix: '/a' }, header: { name: 'a' } } },
      'f.tenant.header',
    ],
    ['a missing member', { tenant: { type: 'Path' } }, 'f.tenant.path'],
    ['an escaped prefix', { tenant: { type: 'Path', path: { prefix: '/a%2f' } } }, 'f.tenant.path.prefix'],
    ['a dot segment', { tenant: { type: 'Path', path: { prefix: '/a/../b' } } }, 'f.tenant.path.prefix'],
    ['a header name with a space', { tenant: { type: 'Header', header: { name: 'x y' } } }, 'f.tenant.header.name'],
    [
      'a suffix with a star',
      { tenant: { type: 'Hostname', hostname: { suffix: '*.a.test' } } },
      'f.tenant.hostname.suffix',
    ],
  ])('%s', (_, spec, path) => {
    expect(translateAuthorization(spec, 'f', testPolicyContext())).toEqual([
      expect.objectContaining({ path, reason: 'UnsupportedValue' }),
    ]);
  });
});

function config(spec: AuthorizationSpec): AuthorizationConfig {
  const result = translateAuthorization(spec, 'spec', testPolicyContext());
  if (isProblems(result)) throw new Error(JSON.stringify(result));
  return result;
}

function authorize(spec: AuthorizationSpec, options: ExchangeOptions = {}): Promise<Seen> {
  return run(createAuthorization(config(spec), testFilterEnv()), options);
}
