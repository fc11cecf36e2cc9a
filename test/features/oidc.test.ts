/** Login of a browser through the real process at a real OpenID provider: there, back, prolonged, and out. */
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Browser, type Page } from './browser.ts';
import type { Echoed } from './echo.ts';
import { type LoginStage, logIn, startLogin } from './login-stage.ts';
import { until } from './until.ts';

/** Seconds that an access token is good for; it is refreshed when four fifths are over. */
const GOOD_FOR = 5;

let stage: LoginStage;

beforeAll(async () => {
  stage = await startLogin(GOOD_FOR);
});
afterAll(() => stage.stop());

const seenBy = ({ body }: Page): Echoed => JSON.parse(body) as Echoed;
const session = (browser: Browser) =>
  [...(browser.cookies.get('app.localhost') ?? [])].filter(([name]) => /^__Host-session-\w+(\.\d)?$/.test(name));

test('logs in, goes on where it was, stays logged in, and tells the backend who it is', async () => {
  const browser = new Browser();
  const page = await logIn(stage, browser, '/orders?page=2&q=%2F');
  expect(page.url.href).toBe(`${stage.app}/orders?page=2&q=%2F`);
  expect(page.status).toBe(200);
  const { fields, line } = seenBy(page);
  expect(line).toBe('GET /orders?page=2&q=%2F HTTP/1.1');
  expect(fields).toMatchObject({ 'x-user': 'ada', 'x-email': 'ada@a.test' });
  expect(fields['authorization']).toMatch(/^Bearer .+/);
  expect(fields['x-id-token']).toMatch(/^eyJ/);
  // Not a single cookie of the gateway's own goes on.
  expect(fields).not.toHaveProperty('cookie');

  const again = await browser.ask(new URL(`${stage.app}/more`), { 'x-user': 'root', 'x-id-token': 'forged' });
  expect(seenBy(again).fields).toMatchObject({ 'x-user': 'ada', 'x-id-token': fields['x-id-token'], cookie: 'own=1' });
  expect(session(browser).length).toBeGreaterThan(0);
});

test('is prolonged by the refresh token, once for many requests at the same time', async () => {
  const browser = new Browser();
  await logIn(stage, browser, '/');
  const before = session(browser);
  const tokens = stage.provider.asked.filter((asked) => asked === 'POST /token').length;
  await setTimeout(GOOD_FOR * 800 + 300);
  // One connection each, so that both workers have to do with it.
  const pages = await Promise.all(Array.from({ length: 10 }, () => browser.ask(new URL(`${stage.app}/`))));
  expect(pages.map(({ status }) => status)).toEqual(Array(10).fill(200));
  expect(session(browser)).not.toEqual(before);
  expect(stage.provider.asked.filter((asked) => asked === 'POST /token').length).toBe(tokens + 1);
});

test('logs out here and at the provider', async () => {
  const browser = new Browser();
  await logIn(stage, browser, '/');
  const question = await browser.open(`${stage.app}/oauth2/logout`);
  expect(question.url.origin).toBe(stage.provider.issuer);
  expect(session(browser)).toEqual([]);
  // Before anybody has confirmed anything at the provider.
  await until(async () => stage.provider.asked.includes('a refresh token is revoked'));
  expect(stage.provider.asked).toContain('POST /token/revocation');
  const bye = await browser.submit(question, { logout: 'yes' });
  expect(bye.url.href.split('?')[0]).toContain(stage.provider.issuer);
  // Nothing is left of either session: the next visit has to log in with a password again.
  const form = await browser.open(`${stage.app}/`);
  expect(form.body).toContain('type="password"');
});

test.each<[string, Record<string, string>]>([
  ['fetch()', { 'sec-fetch-mode': 'cors', accept: '*/*' }],
  ['XMLHttpRequest of an old browser', { 'sec-fetch-mode': '', 'x-requested-with': 'XMLHttpRequest' }],
])('%s gets 401, no redirect', async (_, headers) => {
  const sent = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''));
  const { host } = new URL(stage.app);
  const answer = await stage.feature.ask(`https://${host.replace(/:\d+$/, '')}/`, { headers: { host, ...sent } });
  expect(answer.status).toBe(401);
  expect(answer.headers['www-authenticate']).toBe('OpenID realm="sso"');
});

test('an answer to no login of this browser is refused', async () => {
  const page = await new Browser().open(`${stage.app}/oauth2/callback?state=x&code=y`);
  expect(page.status).toBe(400);
  // A login that another browser began: the code of an attacker must not log the victim in (RFC 6749 10.12).
  const attacker = new Browser();
  const form = await attacker.ask(new URL(`${stage.app}/`));
  const state = new URL(String(form.headers['location'])).searchParams.get('state') ?? '';
  const victim = new Browser();
  await victim.open(`${stage.app}/`);
  expect((await victim.open(`${stage.app}/oauth2/callback?state=${state}&code=y`)).status).toBe(400);
});

test('a code that the provider does not know is refused, and its state is used up', async () => {
  const browser = new Browser();
  const form = await browser.ask(new URL(`${stage.app}/`));
  const state = new URL(String(form.headers['location'])).searchParams.get('state') ?? '';
  const answer = `${stage.app}/oauth2/callback?state=${state}&code=forged`;
  expect((await browser.open(answer)).status).toBe(403);
  expect((await browser.open(answer)).status).toBe(400);
});
