import { describe, expect, test } from '@jest/globals';
import type { ExchangeOptions } from '../../testkit/exchange.ts';
import type { HttpAnswer } from '../feeds.ts';
import { answerOf, issuer, page, script, setup } from './oidc.testing.ts';
import { claims, ec, NOW, token } from './tokens.testing.ts';

describe('the way to the provider', () => {
  test('a page is sent there, with PKCE, state and nonce of its own', async () => {
    const { at, browser } = setup({
      scopes: ['email', 'openid'],
      parameters: [{ name: 'prompt', value: 'consent' }],
      redirectPath: '/cb',
    });
    const [one, two] = [await browser.visit('/a?b=c'), await browser.visit('/a?b=c')].map(({ local }) =>
      Object.fromEntries(new URL(local!.headers['Location']!).searchParams),
    );
    expect(one).toEqual({
      tenant: 'a',
      prompt: 'consent',
      response_type: 'code',
      client_id: 'app',
      redirect_uri: 'https://app.test/cb',
      scope: 'openid email',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    expect(two!['state']).not.toBe(one!['state']);
    expect(new Set([one!['state'], one!['nonce'], one!['code_challenge']]).size).toBe(3);
    expect(at.asked).toEqual([]);
  });

  test.each<[string, NonNullable<ExchangeOptions['headers']>, number]>([
    ['a page', page, 303],
    ['a page of a browser without Fetch Metadata', { accept: 'text/html,*/*' }, 303],
    ['fetch()', script, 401],
    ['fetch() that wants HTML', { ...page, 'sec-fetch-mode': 'cors' }, 401],
    ['a WebSocket', { 'sec-fetch-mode': 'websocket' }, 401],
    ['XMLHttpRequest', { accept: 'text/html', 'x-requested-with': 'XMLHttpRequest' }, 401],
    ['curl', { accept: '*/*' }, 401],
    ['nothing said', {}, 401],
  ])('%s gets %d', async (_, headers, status) => {
    expect(await setup().browser.send('/', { headers })).toMatchObject({ status, identity: null });
  });

  test.each<[string, Partial<ExchangeOptions>, string]>([
    ['http', { scheme: 'http' }, 'http://app.test/oauth2/callback'],
    ['a port', { host: 'app.test' }, 'https://app.test/oauth2/callback'],
  ])('comes back to where it was: %s', async (_, options, address) => {
    const seen = await setup().browser.send('/', { headers: page, ...options });
    expect(new URL(seen.local!.headers['Location']!).searchParams.get('redirect_uri')).toBe(address);
    const secure = address.startsWith('https');
    expect(seen.local!.headers['Set-Cookie']!.startsWith('__Host-session-')).toBe(secure);
    expect(seen.local!.headers['Set-Cookie']!.includes('; Secure')).toBe(secure);
    expect(seen.local!.headers['Set-Cookie']).toMatch(/; Path=\/; HttpOnly; SameSite=Lax.*; Max-Age=600$/);
  });

  test('TLS that ends before the gateway is known by externalScheme', async () => {
    const seen = await setup({ externalScheme: 'HTTPS' }).browser.send('/', { headers: page, scheme: 'http' });
    expect(new URL(seen.local!.headers['Location']!).searchParams.get('redirect_uri')).toMatch(/^https:/);
    expect(seen.local!.headers['Set-Cookie']).toMatch(/^__Host-.*; Secure/);
  });

  test('a provider that nobody knows yet is 503', async () => {
    const { browser, discovery } = setup();
    discovery.set({ provider: null, fetchedAt: 0, failure: 'connect' });
    expect(await browser.visit('/')).toMatchObject({ denied: 'policy-unavailable' });
    discovery.set(undefined);
    expect(await browser.visit('/')).toMatchObject({ denied: 'policy-unavailable' });
  });
});

describe('the way back', () => {
  test('ends in a session, at the page that was asked for', async () => {
    const { at, browser } = setup();
    const back = await browser.login('/orders?page=2');
    expect(back).toMatchObject({ status: 303, local: { headers: { Location: '/orders?page=2' } } });
    expect(at.asked[0]).toMatchObject({
      url: `${issuer}/token`,
      headers: { authorization: `Basic ${Buffer.from('app:p%3Aw+%25').toString('base64')}` },
    });
    expect(Object.fromEntries(new URLSearchParams(String(at.asked[0]!.body)))).toEqual({
      grant_type: 'authorization_code',
      code: 'good',
      redirect_uri: 'https://app.test/oauth2/callback',
      code_verifier: expect.stringMatching(/^[\w-]{43}$/),
    });

    const seen = await browser.visit('/orders', { cookie: 'own=1', authorization: 'Basic eDp5', 'x-user': 'root' });
    expect(seen).toMatchObject({ local: undefined, identity: { method: 'OIDC', provider: 'sso', subject: 'ada' } });
    expect(seen.requestHeaders).toEqual(
      expect.arrayContaining(['Cookie: own=1', 'X-User: ada', 'Authorization: Bearer access-1']),
    );
    expect(seen.requestHeaders.join()).not.toMatch(/session|root|Basic/);
    expect(at.asked).toHaveLength(1);
  });

  test('scripts use the session, too', async () => {
    const { browser } = setup();
    await browser.login('/');
    expect((await browser.send('/', { headers: script })).identity?.subject).toBe('ada');
  });

  const good = { iss: issuer, sub: 'ada', aud: 'app', exp: NOW + 600, iat: NOW };
  test.each<[string, (nonce: string) => string]>([
    ['no nonce', () => token({ alg: 'RS256' }, good)],
    ['another nonce', () => token({ alg: 'RS256' }, { ...good, nonce: 'x' })],
    ['another audience', (nonce) => token({ alg: 'RS256' }, { ...good, nonce, aud: 'other' })],
    ['another authorized party', (nonce) => token({ alg: 'RS256' }, { ...good, nonce, aud: ['app', 'b'], azp: 'b' })],
    ['another issuer', (nonce) => token({ alg: 'RS256' }, { ...good, nonce, iss: claims.iss })],
    ['another access token', (nonce) => token({ alg: 'RS256' }, { ...good, nonce, at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' })],
    ['another key', (nonce) => token({ alg: 'ES256' }, { ...good, nonce }, 'ES256', ec.privateKey)],
    ['no signature', (nonce) => token({ alg: 'none' }, { ...good, nonce }, 'HS256', '')],
    ['an end in the past', (nonce) => token({ alg: 'RS256' }, { ...good, nonce, exp: NOW - 60 })],
    ['no subject', (nonce) => token({ alg: 'RS256' }, { ...good, nonce, sub: undefined })],
    ['an algorithm that is not allowed', (nonce) => token({ alg: 'PS256' }, { ...good, nonce }, 'PS256')],
    ['9,000 bytes', (nonce) => token({ alg: 'RS256' }, { ...good, nonce, more: 'x'.repeat(9000) })],
    ['nothing', () => ''],
  ])('an ID token with %s is refused', async (_, idToken) => {
    const { at, browser } = setup();
    at.idToken = idToken;
    expect(await browser.login('/')).toMatchObject({ denied: 'forbidden', identity: null });
    expect(await browser.visit('/')).toMatchObject({ status: 303, identity: null });
  });

  test.each<[string, string]>([
    ['a state of nobody', '?code=good&state=x'],
    ['no state', '?code=good'],
    ['nothing', ''],
  ])('with %s it is 400, not another login', async (_, query) => {
    const { browser, at } = setup();
    await browser.visit('/');
    expect(await browser.visit(`/oauth2/callback${query}`)).toMatchObject({ denied: 'request-invalid' });
    expect(at.asked).toEqual([]);
  });

  test('a state is good once, for ten minutes, in the browser that began', async () => {
    const { at, browser, another } = setup();
    const state = await browser.begin('/');
    expect(await another().visit(`/oauth2/callback?code=good&state=${state}`)).toMatchObject({
      denied: 'request-invalid',
    });
    at.now += 601_000;
    expect(await browser.visit(`/oauth2/callback?code=good&state=${state}`)).toMatchObject({
      denied: 'request-invalid',
    });
    const fresh = await browser.begin('/');
    const address = `/oauth2/callback?code=good&state=${fresh}`;
    expect((await browser.visit(address)).status).toBe(303);
    // Again, as after the way back in the history: there is a session, so on to the start.
    expect((await browser.visit(address)).local?.headers['Location']).toBe('/');
    expect(at.asked).toHaveLength(1);
  });

  test('three tabs may log in at once', async () => {
    const { browser } = setup();
    const states = [
      await browser.begin('/1'),
      await browser.begin('/2'),
      await browser.begin('/3'),
      await browser.begin('/4'),
    ];
    const seen = [];
    for (const state of states) seen.push(await browser.visit(`/oauth2/callback?code=good&state=${state}`));
    expect(seen.map(({ local }) => local?.headers['Location'])).toEqual([undefined, '/2', '/3', '/4']);
  });

  test.each<[string, string]>([
    ['that the user refused', 'error=access_denied'],
    ['of another issuer (RFC 9207)', 'code=good&iss=https%3A%2F%2Fevil.test'],
  ])('an answer %s is 403', async (_, query) => {
    const { at, browser } = setup();
    const state = await browser.begin('/');
    expect(await browser.visit(`/oauth2/callback?${query}&state=${state}`)).toMatchObject({ denied: 'forbidden' });
    expect(at.asked).toEqual([]);
  });

  test.each<[string, HttpAnswer | Error, string]>([
    ['a no', answerOf(400, { error: 'invalid_grant' }), 'forbidden'],
    ['500', answerOf(500, {}), 'policy-unavailable'],
    ['no JSON', { ...answerOf(200, {}), body: Buffer.from('<html>') }, 'policy-unavailable'],
    ['another kind of token', answerOf(200, { token_type: 'DPoP', access_token: 'a' }), 'policy-unavailable'],
    ['nothing', new Error('timeout'), 'policy-unavailable'],
  ])('%s of the provider', async (_, answer, denied) => {
    const { at, browser } = setup();
    at.answer = answer;
    expect(await browser.login('/')).toMatchObject({ denied, identity: null });
  });

  test.each<[string, string, string]>([
    ['another host', '//evil.test/', '/'],
    ['another host, by backslash', '/\\evil.test/', '/'],
    ['a very long address', `/${'a'.repeat(600)}`, '/'],
    ['a path in escapes', '/a%2F%2Fb?c=%0a', '/a%2F%2Fb?c=%0a'],
  ])('never leads to %s', async (_, target, location) => {
    const { browser } = setup();
    expect((await browser.login(target)).local?.headers['Location']).toBe(location);
  });

  test.each<[string, string, string]>([
    ['the page of the form', 'https://app.test/form?a=1', '/form?a=1'],
    ['nowhere else', 'https://evil.test/form', '/'],
  ])('after a form it leads to %s', async (_, referer, location) => {
    const { browser } = setup();
    const seen = await browser.send('/save', { method: 'POST', headers: { ...page, referer } });
    const state = new URL(seen.local!.headers['Location']!).searchParams.get('state');
    const back = await browser.visit(`/oauth2/callback?code=good&state=${state}`);
    expect(back.local?.headers['Location']).toBe(location);
  });

  test('a browser that does not keep the session is not sent round in circles', async () => {
    const { browser } = setup();
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) {
      const seen = await browser.visit('/');
      statuses.push(seen.status);
      if (seen.status !== 303) continue;
      const state = new URL(seen.local!.headers['Location']!).searchParams.get('state');
      await browser.visit(`/oauth2/callback?code=good&state=${state}`);
      for (const name of browser.jar.keys()) if (!name.endsWith('-login')) browser.jar.delete(name);
    }
    expect(statuses).toEqual([303, 303, 303, 303, 401, 401]);
  });
});
