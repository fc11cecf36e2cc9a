import { describe, expect, test } from '@jest/globals';
import { createExchange, type ExchangeOptions, run, type Seen } from '../../testkit/exchange.ts';
import { type FilterEnvOptions, TestFeed } from '../../testkit/filter-env.ts';
import type { RuntimeFilter } from '../runtime.ts';
import { authentication, jwt } from './methods.testing.ts';
import { claims, ec, header, jwkOf, NOW, pemOf, rsa, token } from './tokens.testing.ts';

const good = token(header, claims);
const keys = [jwkOf(rsa, { kid: 'a' })];
const local = { issuer: claims.iss, localJWKS: { type: 'Inline', inline: JSON.stringify({ keys }) } };
const bearer = (value: string): ExchangeOptions => ({ headers: { authorization: `Bearer ${value}` } });

describe('where the token stands', () => {
  const extractFrom = {
    headers: [{ name: 'Authorization', valuePrefix: 'Bearer ' }, { name: 'x-token' }],
    cookies: ['session'],
    params: ['access_token'],
    webSocketProtocol: { valuePrefix: 'bearer.' },
  };
  const places: readonly (readonly [string, ExchangeOptions])[] = [
    ['a header', { headers: { AUTHORIZATION: `Bearer ${good}` } }],
    ['a header, its scheme in lower case and two spaces', { headers: { authorization: `bearer  ${good}` } }],
    ['a header without a prefix', { headers: { 'X-Token': good } }],
    ['a cookie', { headers: { cookie: `a=1; session=${good}; b=2` } }],
    ['a parameter', { target: `/?a=%201&access%5ftoken=${good}&b=2` }],
    ['a WebSocket subprotocol', { headers: { 'sec-websocket-protocol': `chat, bearer.${good}` } }],
  ];

  test.each(places)('%s', async (_, options) => {
    expect((await run(authOf({ extractFrom }), options)).identity?.subject).toBe('ada');
  });

  test.each<[string, ExchangeOptions]>([
    ['nothing', {}],
    ['Basic', { headers: { authorization: 'Basic YTpi' } }],
    ['Bearer alone', { headers: { authorization: 'Bearer' } }],
    ['an empty cookie', { headers: { cookie: 'session=' } }],
    ['a cookie of another name', { headers: { cookie: `session2=${good}` } }],
    ['a subprotocol of another name', { headers: { 'sec-websocket-protocol': `chat, x${good}` } }],
  ])('%s is no token: anonymous where that is allowed, else challenged', async (_, options) => {
    const anonymous = await run(authOf({ extractFrom }, { allowAnonymous: true }), options);
    expect(anonymous).toMatchObject({ denied: undefined, identity: null });
    const refused = await run(authOf({ extractFrom }), options);
    expect(refused).toMatchObject({
      denied: 'unauthenticated',
      responseHeaders: ['WWW-Authenticate: Bearer realm="corp"'],
    });
  });

  test('the first place that holds anything decides', async () => {
    const options = { headers: { authorization: 'Bearer x', cookie: `session=${good}` } };
    expect((await run(authOf({ extractFrom }), options)).denied).toBe('unauthenticated');
  });

  test.each<[string, ExchangeOptions, Partial<Seen>]>([
    ['a header', places[0]![1], { requestHeaders: [] }],
    ['a cookie', places[3]![1], { requestHeaders: ['Cookie: a=1; b=2'] }],
    ['the only cookie', { headers: { cookie: `session=${good}` } }, { requestHeaders: [] }],
    ['a parameter', places[4]![1], { forwardQuery: '?a=%201&b=2' }],
    ['the only parameter', { target: `/?access_token=${good}` }, { forwardQuery: '' }],
    [
      'every place, also those that were not looked at',
      { headers: { authorization: `Bearer ${good}`, cookie: 'session=forged; a=1' }, target: '/?access_token=forged' },
      { requestHeaders: ['Cookie: a=1'], forwardQuery: '' },
    ],
  ])('forward Strip takes it out of %s', async (_, options, expected) => {
    expect(await run(authOf({ extractFrom, forward: 'Strip' }), options)).toMatchObject(expected);
  });

  test('it is kept unless that is asked for, but for a subprotocol, which a backend would send back', async () => {
    expect((await run(authOf({ extractFrom }), places[0]![1])).requestHeaders).toEqual([
      `AUTHORIZATION: Bearer ${good}`,
    ]);
    expect((await run(authOf({ extractFrom }), places[4]![1])).forwardQuery).toContain(good);
    expect((await run(authOf({ extractFrom }), places[5]![1])).requestHeaders).toEqual([
      'Sec-WebSocket-Protocol: chat',
    ]);
    const alone = { headers: { 'sec-websocket-protocol': `bearer.${good}` } };
    expect((await run(authOf({ extractFrom }), alone)).requestHeaders).toEqual([]);
  });
});

describe('what it says', () => {
  const identityOf = async (more: object, spec: object = {}) =>
    (await run(authOf(spec), bearer(token(header, { ...claims, ...more })))).identity;

  test('scopes and roles are read from where issuers put them', async () => {
    expect(await identityOf({ scope: 'a b', roles: ['x'] })).toMatchObject({
      scopes: ['a', 'b'],
      roles: ['x'],
      tenant: '',
    });
    expect(await identityOf({ scp: 'a b' })).toMatchObject({ scopes: ['a', 'b'] });
    expect(await identityOf({ scp: ['a', 1, 'b'] })).toMatchObject({ scopes: ['a', 'b'] });
    expect(await identityOf({ scope: { a: true }, roles: 1 })).toMatchObject({ scopes: [], roles: [] });
  });

  test('or from where the policy says', async () => {
    const spec = {
      subjectClaim: 'email',
      tenantClaim: 'https://a.test/org',
      scopesClaim: 'permissions',
      rolesClaim: 'realm_access.roles',
    };
    const more = {
      email: 'ada@a.test',
      'https://a.test/org': 'acme',
      permissions: ['p'],
      scope: 'ignored',
      realm_access: { roles: ['r'] },
    };
    expect(await identityOf(more, spec)).toMatchObject({
      subject: 'ada@a.test',
      tenant: 'acme',
      scopes: ['p'],
      roles: ['r'],
    });
    expect(await identityOf({ email: 'a', 'https://a.test/org': 7 }, spec)).toBeNull();
    // Nothing is read from what every object inherits.
    expect(await identityOf({}, { subjectClaim: 'constructor.name' })).toBeNull();
  });

  test.each<[string, object, object, boolean]>([
    ['is there', { org: 0 }, { claim: 'org' }, true],
    ['is missing', {}, { claim: 'org' }, false],
    ['is null', { org: null }, { claim: 'org' }, false],
    ['has the value', { org: 'b' }, { claim: 'org', values: ['a', 'b'] }, true],
    ['has another', { org: 'ab' }, { claim: 'org', values: ['a', 'b'] }, false],
    ['holds the value', { org: ['x', 'b'] }, { claim: 'org', values: ['b'] }, true],
    ['is true', { email_verified: true }, { claim: 'email_verified', values: ['true'] }, true],
    ['is an object', { org: { a: 1 } }, { claim: 'org', values: ['[object Object]'] }, false],
    ['is deeper', { a: { b: { c: 'x' } } }, { claim: 'a.b.c', values: ['x'] }, true],
  ])('a required claim %s', async (_, more, required, accepted) => {
    expect((await identityOf(more, { requiredClaims: [required] })) !== null).toBe(accepted);
  });

  test('types takes what it names alone', async () => {
    const filter = authOf({ types: ['application/at+jwt'] });
    const seen = async (typ: string | undefined) =>
      (await run(filter, bearer(token({ ...header, typ }, claims)))).denied;
    expect(await seen('at+jwt')).toBeUndefined();
    expect(await seen('JWT')).toBe('unauthenticated');
    expect(await seen(undefined)).toBe('unauthenticated');
  });

  test('a token without an end passes where that is said', async () => {
    const endless = token(header, { iss: claims.iss, sub: 'job' });
    expect((await run(authOf({}), bearer(endless))).denied).toBe('unauthenticated');
    expect((await run(authOf({ expiration: 'Optional' }), bearer(endless))).identity?.subject).toBe('job');
  });

  test('the challenge says what the holder may know, and nothing of a forgery', async () => {
    const said = async (text: string) =>
      (await run(authOf({ audiences: ['orders'] }), bearer(text))).responseHeaders[0];
    expect(await said(token(header, { ...claims, exp: 1 }))).toContain('error_description="The token has expired"');
    expect(await said(token(header, { ...claims, aud: 'x' }))).toContain('"The token is meant for another audience"');
    const forged = await said(token(header, { ...claims, exp: 1 }, 'RS256', ec.privateKey));
    expect(forged).toContain('error_description="The token is not valid"');
  });
});

describe('claims as headers', () => {
  const claimToHeaders = [
    { header: 'X-User', claim: 'sub' },
    { header: 'X-User-Roles', claim: 'realm.roles' },
    { header: 'X-Org', claim: 'org' },
  ];
  const sent = async (more: object) =>
    (await run(authOf({ claimToHeaders, forward: 'Strip' }), bearer(token(header, { ...claims, ...more }))))
      .requestHeaders;

  test.each<[string, unknown, string]>([
    ['text', 'acme', 'acme'],
    ['text beyond ASCII as its bytes', 'Zoë', 'ZoÃ«'],
    ['a number', 7, '7'],
    ['a boolean', false, 'false'],
    ['a list', ['a', 1, true], 'a,1,true'],
    ['a list with a comma in it', ['a,admin'], Buffer.from('["a,admin"]').toString('base64url')],
    ['a list of objects', [{ a: 1 }], Buffer.from('[{"a":1}]').toString('base64url')],
    ['an object', { id: 'ü' }, Buffer.from('{"id":"ü"}').toString('base64url')],
  ])('%s', async (_, org, value) => {
    expect(await sent({ org })).toEqual(['X-User: ada', `X-Org: ${value}`]);
  });

  test('nested', async () => {
    expect(await sent({ realm: { roles: ['a', 'b'] } })).toEqual(['X-User: ada', 'X-User-Roles: a,b']);
    expect(await sent({ realm: ['roles'], org: null })).toEqual(['X-User: ada']);
  });

  test('a claim with a line break refuses the token', async () => {
    const options = bearer(token(header, { ...claims, org: 'a\r\nx-admin: 1' }));
    expect(await run(authOf({ claimToHeaders }), options)).toMatchObject({ denied: 'unauthenticated', identity: null });
  });

  const spoofed = {
    'x-user': 'root',
    'X-USER': 'root',
    X_User: 'root',
    'X-User_Roles': 'admin',
    x_user_roles: 'admin',
    'x-users': 'kept',
  };
  test.each<[string, ExchangeOptions, string[]]>([
    ['anonymous', { headers: spoofed }, ['x-users: kept']],
    ['authenticated', { headers: { ...spoofed, authorization: `Bearer ${good}` } }, ['x-users: kept', 'X-User: ada']],
  ])('what an %s client sends under their names is removed, in every spelling', async (_, options, expected) => {
    const filter = authOf({ claimToHeaders, forward: 'Strip' }, { allowAnonymous: true });
    expect((await run(filter, options)).requestHeaders).toEqual(expected);
  });
});

describe('what is known already', () => {
  test('a verified token is known at once, until it expires', async () => {
    let now = NOW;
    const filter = authOf({}, {}, { wallClock: () => now * 1000 });
    const ask = () => {
      const { exchange, seen } = createExchange(bearer(good));
      const wait = filter.onRequest!(exchange);
      return { wait, seen };
    };
    const first = ask();
    expect(first.wait).toBeInstanceOf(Promise);
    await first.wait;
    expect(first.seen().identity?.subject).toBe('ada');

    const second = ask();
    expect(second.wait).toBeUndefined();
    expect(second.seen().identity?.subject).toBe('ada');

    now = claims.exp + 29;
    expect(ask().seen().identity?.subject).toBe('ada');
    now = claims.exp + 30;
    const late = ask();
    expect(late.wait).toBeUndefined();
    expect(late.seen()).toMatchObject({ denied: 'unauthenticated', identity: null });
  });

  test('not beyond the keys that verified it', async () => {
    const feed = new TestFeed({ keys, fetchedAt: 1, failure: '' });
    const filter = remote(feed, () => false);
    const subject = async () => (await run(filter, bearer(good))).identity?.subject;
    expect(await subject()).toBe('ada');
    // The same keys again are no change.
    feed.set({ keys: structuredClone(keys), fetchedAt: 2, failure: '' });
    const { exchange } = createExchange(bearer(good));
    expect(filter.onRequest!(exchange)).toBeUndefined();

    feed.set({ keys: [jwkOf(ec, { kid: 'b' })], fetchedAt: 3, failure: '' });
    expect(await subject()).toBeUndefined();
    feed.set({ keys, fetchedAt: 4, failure: '' });
    expect(await subject()).toBe('ada');
  });
});

describe('keys from elsewhere', () => {
  test('that nobody knows (yet): 503, for anonymous requests too where a token is shown', async () => {
    const missing = { denied: 'policy-unavailable', status: 503, responseHeaders: ['Retry-After: 1'] };
    const feed = new TestFeed();
    expect(
      await run(
        remote(feed, () => false),
        bearer(good),
      ),
    ).toMatchObject(missing);
    feed.set({ keys: null, fetchedAt: 0, failure: 'connect' });
    expect(
      await run(
        remote(feed, () => false),
        bearer(good),
      ),
    ).toMatchObject(missing);
    expect(
      await run(
        remote(feed, () => false, { allowAnonymous: true }),
        bearer(good),
      ),
    ).toMatchObject(missing);
    expect((await run(remote(feed, () => false, { allowAnonymous: true }))).denied).toBeUndefined();
  });

  test('that became too old: 503 for tokens that were known as well', async () => {
    const feed = new TestFeed({ keys, fetchedAt: 1, failure: '' });
    const filter = remote(feed, () => false);
    expect((await run(filter, bearer(good))).denied).toBeUndefined();
    feed.set({ keys: null, fetchedAt: 1, failure: 'too old' });
    expect((await run(filter, bearer(good))).denied).toBe('policy-unavailable');
  });

  test('with an unknown id: one question for all who wait, then their answer', async () => {
    const feed = new TestFeed({ keys: [jwkOf(ec, { kid: 'old' })], fetchedAt: 1, failure: '' });
    let asked = 0;
    const filter = remote(feed, () => {
      asked++;
      feed.set({ keys, fetchedAt: 2, failure: '' });
      return true;
    });
    const other = token(header, { ...claims, sub: 'bob' });
    const seen = await Promise.all([run(filter, bearer(good)), run(filter, bearer(good)), run(filter, bearer(other))]);
    expect(seen.map(({ identity }) => identity?.subject)).toEqual(['ada', 'ada', 'bob']);
    expect(asked).toBe(1);
    expect((await run(filter, bearer(token({ ...header, kid: 'c' }, claims)))).denied).toBe('unauthenticated');
    expect(asked).toBe(2);
    // What can be no key's id is not looked for.
    await run(filter, bearer(token({ ...header, kid: 'c'.repeat(257) }, claims)));
    expect(asked).toBe(2);
  });

  test('with an unknown id while nobody can be asked: 503', async () => {
    const feed = new TestFeed({ keys, fetchedAt: 1, failure: '' });
    const gone = remote(feed, () => {
      throw new Error('the services thread is gone');
    });
    expect((await run(gone, bearer(token({ ...header, kid: 'c' }, claims)))).denied).toBe('policy-unavailable');
    expect((await run(gone, bearer(good))).identity?.subject).toBe('ada');
  });

  test('a watch ends with its filter', () => {
    const feed = new TestFeed({ keys, fetchedAt: 1, failure: '' });
    const filter = remote(feed, () => false);
    expect(feed.watchers).toBe(1);
    filter.close?.();
    expect(feed.watchers).toBe(0);
  });

  test('one issuer in two policies, or one with PEM keys: all is found', async () => {
    const spec = { localJWKS: { type: 'Inline', inline: `${pemOf(ec)}${pemOf(rsa)}` } };
    const filter = authOf(spec);
    expect((await run(filter, bearer(good))).identity?.subject).toBe('ada');
    const other = token({ alg: 'ES256', kid: 'whatever' }, claims, 'ES256', ec.privateKey);
    expect((await run(filter, bearer(other))).identity?.subject).toBe('ada');
  });
});

describe('several issuers', () => {
  const partner = { issuer: 'https://partner.test/', localJWKS: { type: 'Inline', inline: pemOf(ec) } };
  const theirs = { ...claims, iss: partner.issuer, sub: 'bob' };
  const methods = [jwt(local), jwt(partner, 'partner')];
  const filter = authentication({ methods, allowAnonymous: true }, { wallClock: () => NOW * 1000 });

  test.each<[string, string, string | undefined]>([
    ['the first', good, 'corp'],
    ['the second', token({ alg: 'ES256' }, theirs, 'ES256', ec.privateKey), 'partner'],
    ['the first with the key of the second', token({ alg: 'ES256' }, claims, 'ES256', ec.privateKey), undefined],
    ['a third', token(header, { ...claims, iss: 'https://third.test' }), undefined],
    ['nobody: no JWT', 'opaque', undefined],
  ])('a token of %s', async (_, text, provider) => {
    const seen = await run(filter, bearer(text));
    expect(seen.identity?.provider).toBe(provider);
    expect(seen.denied).toBe(provider === undefined ? 'unauthenticated' : undefined);
  });
});

function authOf(spec: object, rules: object = {}, env: FilterEnvOptions = {}): RuntimeFilter {
  return authentication({ ...rules, methods: [jwt({ ...local, ...spec })] }, { wallClock: () => NOW * 1000, ...env });
}

function remote(feed: TestFeed, ask: () => boolean, rules: object = {}): RuntimeFilter {
  const spec = { issuer: claims.iss, remoteJWKS: { uri: 'https://issuer.test/jwks' } };
  return authentication({ ...rules, methods: [jwt(spec)] }, { wallClock: () => NOW * 1000, feed: () => feed, ask });
}
