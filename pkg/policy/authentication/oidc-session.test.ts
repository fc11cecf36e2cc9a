import { describe, expect, test } from '@jest/globals';
import type { ExchangeOptions } from '../../testkit/exchange.ts';
import { answerOf, issuer, oidc, page, provider, script, setup } from './oidc.testing.ts';
import { NOW, token } from './tokens.testing.ts';

const pageLines = Object.entries(page).map(([name, value]) => `${name}: ${value}`);

describe('a session', () => {
  test('is nothing to another host, client or key, nor when it was changed', async () => {
    const { browser, another } = setup();
    await browser.login('/');
    const [[name, value] = ['', '']] = [...browser.jar].filter(([key]) => !key.endsWith('-login'));
    const show = async (changed: string, options: ExchangeOptions = {}, spec: object = {}) =>
      (await another(spec).send('/', { headers: { ...page, cookie: `${name}=${changed}` }, ...options })).identity;
    expect((await show(value))?.subject).toBe('ada');
    expect(await show(value, { host: 'b.test' })).toBeNull();
    // Nor where it has been seen before.
    expect((await browser.visit('/')).identity?.subject).toBe('ada');
    expect((await browser.send('/', { headers: page, host: 'b.test' })).identity).toBeNull();
    expect(
      await show(value, {}, { clientID: 'b', session: { ...oidc.session, cookieName: name.slice(7) } }),
    ).toBeNull();
    expect(await show(value, {}, { session: { keys: [{ name: 'oidc', key: 'old' }] } })).toBeNull();
    for (let i = 2; i < value.length; i += 37)
      expect(await show(value.slice(0, i) + (value[i] === 'A' ? 'B' : 'A') + value.slice(i + 1))).toBeNull();
    for (const broken of ['', '1~', '1~.', '9~x', 'x', '1~a.b', `5~${value.slice(2)}`, value.slice(0, -5)])
      expect(await show(broken)).toBeNull();
    // The cookie of a login is no session.
    expect(await show(browser.jar.get(`${name}-login`) ?? '')).toBeNull();
  });

  test('outlives a new key in front of the old one', async () => {
    const { browser, another } = setup({ session: { keys: [{ name: 'oidc', key: 'old' }] } });
    await browser.login('/');
    const rotated = another({
      session: {
        keys: [
          { name: 'oidc', key: 'new' },
          { name: 'oidc', key: 'old' },
        ],
      },
    });
    for (const [name, value] of browser.jar) rotated.jar.set(name, value);
    expect((await rotated.visit('/')).identity?.subject).toBe('ada');
  });

  test('is split where it is longer than a cookie may be, and put together again', async () => {
    const { at, browser } = setup();
    at.accessToken = 'x'.repeat(9000);
    await browser.login('/');
    expect([...browser.jar.keys()].filter((name) => !name.endsWith('-login'))).toHaveLength(4);
    const seen = await browser.visit('/');
    expect(seen.requestHeaders).toEqual(
      [...pageLines, `Authorization: Bearer ${at.accessToken}`, 'X-User: ada'].toSorted(),
    );
  });

  test('that is too long for five cookies is refused', async () => {
    const { at, browser } = setup();
    at.accessToken = 'x'.repeat(20_000);
    expect(await browser.login('/')).toMatchObject({ denied: 'forbidden', identity: null });
  });

  test('in Shadow is read, and neither prolonged nor ended; no code is used up', async () => {
    const { at, browser } = setup({ session: { ...oidc.session, store: 'Redis' } });
    const state = await browser.begin('/other');
    await browser.login('/');
    const look = (target: string) => browser.send(target, { headers: page, shadow: true });
    at.asked.length = 0;
    at.commands.length = 0;
    for (const target of [`/oauth2/callback?code=good&state=${state}`, '/oauth2/logout', '/'])
      expect((await look(target)).identity?.subject).toBe('ada');
    at.now += 241_000;
    expect((await look('/')).identity?.subject).toBe('ada');
    at.now += 60_000;
    expect((await look('/')).identity).toBeNull();
    expect(at.asked).toEqual([]);
    expect(new Set(at.commands)).toEqual(new Set(['GET']));
    expect((await browser.visit('/')).identity?.subject).toBe('ada');
  });

  test('is prolonged before it ends: once for all who wait, for all who still show the old cookie', async () => {
    const { at, browser } = setup();
    await browser.login('/');
    const before = new Map(browser.jar);
    at.now += 239_000;
    expect((await browser.visit('/')).responseHeaders).toEqual([]);
    at.now += 2000;
    const seen = await Promise.all([browser.visit('/'), browser.visit('/')]);
    for (const { identity, responseHeaders } of seen) {
      expect(identity?.subject).toBe('ada');
      expect(responseHeaders).toEqual([expect.stringMatching(/^Set-Cookie: __Host-session-/)]);
    }
    expect(at.asked).toHaveLength(2);
    expect(at.asked[1]).toMatchObject({ once: expect.any(String) });
    expect(String(at.asked[1]!.body)).toBe('grant_type=refresh_token&refresh_token=refresh-1');
    expect((await browser.visit('/')).responseHeaders).toEqual([]);
    // A request that was under way still has the old cookie.
    for (const [name, value] of before) browser.jar.set(name, value);
    const late = await browser.visit('/');
    expect(late.identity?.subject).toBe('ada');
    expect(late.responseHeaders).toHaveLength(1);
    expect(at.asked).toHaveLength(2);
  });

  test('ends where the provider says so', async () => {
    const { at, browser } = setup();
    await browser.login('/');
    at.now += 250_000;
    at.answer = answerOf(400, { error: 'invalid_grant' });
    expect(await browser.visit('/')).toMatchObject({ status: 303, identity: null });
    expect(await browser.send('/', { headers: script })).toMatchObject({ status: 401, identity: null });
    expect(at.asked).toHaveLength(2);
  });

  test('goes on to its end while the provider is gone; then it is 503', async () => {
    const { at, browser } = setup();
    await browser.login('/');
    at.answer = new Error('connect-failed');
    at.now += 299_000;
    expect((await browser.visit('/')).identity?.subject).toBe('ada');
    at.now += 2000;
    expect(await browser.visit('/')).toMatchObject({ denied: 'policy-unavailable', identity: null });
  });

  test('a refreshed ID token of somebody else ends it', async () => {
    const { at, browser } = setup();
    await browser.login('/');
    at.now += 250_000;
    at.idToken = () => token({ alg: 'RS256' }, { iss: issuer, sub: 'eve', aud: 'app', exp: NOW + 9000 });
    expect(await browser.visit('/')).toMatchObject({ status: 303, identity: null });
  });

  test.each<[string, object]>([
    ['without a refresh token', {}],
    ['where refreshing is disabled', { session: { ...oidc.session, refresh: 'Disabled' } }],
  ])('%s ends with its access token', async (_, spec) => {
    const { at, browser } = setup(spec);
    if (Object.keys(spec).length === 0) at.refreshToken = '';
    await browser.login('/');
    at.now += 299_000;
    expect((await browser.visit('/')).identity?.subject).toBe('ada');
    at.now += 1000;
    expect((await browser.visit('/')).identity).toBeNull();
    expect(at.asked).toHaveLength(1);
  });

  test('ends after its lifetime, whatever the provider would say', async () => {
    const { at, browser } = setup({ session: { ...oidc.session, lifetime: '10m' } });
    await browser.login('/');
    for (let i = 0; i < 3; i++) {
      at.now += 199_000;
      expect((await browser.visit('/')).identity?.subject).toBe('ada');
    }
    at.now += 4000;
    expect((await browser.visit('/')).identity).toBeNull();
  });
});

describe('logout', () => {
  test('deletes every part of the cookie and goes on to the provider', async () => {
    const { at, browser } = setup({ afterLogoutPath: '/bye' });
    at.accessToken = 'x'.repeat(9000);
    await browser.login('/');
    const seen = await browser.visit('/oauth2/logout', { 'sec-fetch-site': 'same-origin' });
    const address = new URL(seen.local!.headers['Location']!);
    expect(address.origin + address.pathname).toBe(`${issuer}/logout`);
    expect(Object.fromEntries(address.searchParams)).toEqual({
      id_token_hint: expect.stringMatching(/^eyJ/),
      client_id: 'app',
      post_logout_redirect_uri: 'https://app.test/bye',
    });
    expect(seen.responseHeaders.filter((line) => line.includes('Max-Age=0'))).toHaveLength(4);
    expect([...browser.jar.keys()]).toEqual([expect.stringMatching(/-login$/)]);
  });

  describe('where the provider has a revocation endpoint', () => {
    const revoking = (spec: object = {}) => {
      const stage = setup(spec);
      const revocable = { ...provider, revocation_endpoint: `${issuer}/revoke` };
      stage.discovery.set({ provider: revocable, fetchedAt: 1, failure: '' });
      return stage;
    };

    test.each([
      ['the refresh token', 'refresh-1', 'token=refresh-1&token_type_hint=refresh_token'],
      ['without one the access token', '', 'token=access-1&token_type_hint=access_token'],
    ])('%s is revoked, as the client', async (_, refreshToken, body) => {
      const { at, browser } = revoking();
      at.refreshToken = refreshToken;
      await browser.login('/');
      const { headers } = at.asked.at(-1)!;
      at.asked.length = 0;
      const seen = await browser.visit('/oauth2/logout');
      expect(seen.local?.headers['Location']).toMatch(/^https:\/\/issuer.test\/logout/);
      expect(at.asked).toEqual([expect.objectContaining({ method: 'POST', url: `${issuer}/revoke`, headers, body })]);
    });

    test('nothing is where no token is kept', async () => {
      const { at, browser } = revoking({ forwardAccessToken: false });
      at.refreshToken = '';
      await browser.login('/');
      at.asked.length = 0;
      expect((await browser.visit('/oauth2/logout')).status).toBe(303);
      expect(at.asked).toEqual([]);
    });

    test.each<[string, unknown]>([
      ['refuses', answerOf(400, { error: 'unsupported_token_type' })],
      ['is not there', new Error('connect-failed')],
      ['never answers', new Promise(() => undefined)],
    ])('one that %s neither delays nor fails the logout', async (_, answer) => {
      const { at, browser } = revoking();
      await browser.login('/');
      at.answer = answer as never;
      const seen = await browser.visit('/oauth2/logout');
      expect(seen).toMatchObject({ status: 303, denied: undefined });
      expect([...browser.jar.keys()]).toEqual([expect.stringMatching(/-login$/)]);
    });

    test('one that is slow is asked about so many at a time', async () => {
      const { at, browser } = revoking();
      for (let i = 0; i < 70; i++) {
        at.answer = null;
        browser.jar.clear();
        await browser.login('/');
        at.answer = new Promise(() => undefined) as never;
        expect((await browser.visit('/oauth2/logout')).status).toBe(303);
      }
      expect(at.asked.filter(({ url }) => url === `${issuer}/revoke`)).toHaveLength(64);
    });
  });

  test('is not for links of other sites', async () => {
    const { browser } = setup();
    await browser.login('/');
    expect(await browser.visit('/oauth2/logout', { 'sec-fetch-site': 'cross-site' })).toMatchObject({
      denied: 'origin-denied',
    });
    expect((await browser.visit('/')).identity?.subject).toBe('ada');
  });

  test('without a session, or without such an endpoint, just goes on', async () => {
    const { browser, discovery } = setup();
    expect((await browser.visit('/oauth2/logout')).local?.headers['Location']).toBe('/');
    await browser.login('/');
    discovery.set({ provider: { ...provider, end_session_endpoint: undefined }, fetchedAt: 1, failure: '' });
    expect((await browser.visit('/oauth2/logout')).local?.headers['Location']).toBe('/');
    expect([...browser.jar.keys()]).toEqual([expect.stringMatching(/-login$/)]);
  });
});
