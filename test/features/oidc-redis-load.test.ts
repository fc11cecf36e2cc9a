/**
 * Sessions in a Redis that is held up, killed and started anew under load: who is known goes on, nobody who logged out or never logged in passes
 * at any moment, and a new login works as soon as it is back.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type RedisServer, startRedis } from '../../pkg/testkit/redis.ts';
import { Browser } from './browser.ts';
import { type Load, startLoad } from './load.ts';
import { type LoginStage, logIn, startLogin } from './login-stage.ts';
import { until } from './until.ts';

let server: RedisServer;
let stage: LoginStage;
let loads: Readonly<Record<'known' | 'gone' | 'forged', Load>>;
const known = new Browser();

beforeAll(async () => {
  server = await startRedis();
  stage = await startLogin(3600, server.url);
  const gone = new Browser();
  await logIn(stage, gone, '/');
  await logIn(stage, known, '/');
  const left = copyOf(gone);
  await gone.open(`${stage.app}/oauth2/logout`);
  // After five seconds at most both workers have asked for it again.
  await until(async () => {
    const pages = await Promise.all(Array.from({ length: 20 }, () => page(copyOf(left))));
    return pages.every((status) => status === 401);
  });
  const load = (cookie: string) =>
    startLoad(stage.feature.gateway.port(443), 'app.localhost', 2, {
      tls: true,
      headers: { cookie, 'sec-fetch-mode': 'cors' },
    });
  const [name, value] = sessionOf(known);
  const forged = `${name}=${value.slice(1)}${value.slice(0, 1)}`;
  loads = { known: load(sessionOf(known).join('=')), gone: load(sessionOf(left).join('=')), forged: load(forged) };
  // Both workers know the one session then.
  await more(500);
});
afterAll(async () => {
  await Promise.all(Object.values(loads).map((load) => load.stop()));
  await stage.stop();
  await server.kill();
});

/** The cookie that says who it is. */
function sessionOf(browser: Browser): readonly [name: string, value: string] {
  const cookies = [...(browser.cookies.get('app.localhost') ?? [])].filter(([name]) => !/-login$|^own$/.test(name));
  if (cookies[0] === undefined || cookies.length > 1) throw new Error(`${cookies.length} cookies of the session`);
  return cookies[0];
}

/** Before a logout takes the cookies away. */
function copyOf(browser: Browser): Browser {
  const copy = new Browser();
  copy.cookies.set('app.localhost', new Map(browser.cookies.get('app.localhost')));
  return copy;
}

async function page(browser: Browser): Promise<number> {
  return (await browser.ask(new URL(`${stage.app}/`), { 'sec-fetch-mode': 'cors' })).status;
}

/** Questions to Redis that got no answer. */
async function unanswered(): Promise<number> {
  const metrics = await stage.feature.gateway.page('/metrics');
  return Number(/^suuupra_redis_commands_total\{result="unavailable"\} (\d+)$/m.exec(metrics)?.[1]);
}

async function more(count: number): Promise<void> {
  const before = loads.known.answered;
  await until(async () => loads.known.answered >= before + count);
}

function expectClosed(): void {
  for (const load of [loads.gone, loads.forged]) {
    expect(load.answered).toBe(0);
    expect(load.failures.filter((outcome) => !/^status (?:401|503)$/.test(outcome))).toEqual([]);
  }
}

test('held up, and let go', async () => {
  const late = new Browser();
  await logIn(stage, late, '/');
  server.pause();
  try {
    await until(async () => (await stage.feature.gateway.page('/metrics')).includes('suuupra_redis_up 0\n'));
    await more(100);
    // Nobody is logged out while that cannot be told to Redis.
    expect((await copyOf(known).open(`${stage.app}/oauth2/logout`)).status).toBe(503);
  } finally {
    server.resume();
  }
  await until(async () => (await page(late)) === 200);
  await more(100);
  expect(loads.known.failures).toEqual([]);
  expectClosed();
});

test('killed, and started anew with nothing in it', async () => {
  await server.kill();
  // What was asked a moment ago is not asked again: only then it shows what becomes of those that are.
  await until(async () => (await unanswered()) > 200);
  await more(500);
  expect(loads.known.failures).toEqual([]);
  expectClosed();
  // Who comes from the provider now is not let in without a session.
  expect((await logIn(stage, new Browser(), '/')).status).toBe(503);

  await server.start();
  await until(async () => loads.known.failures.length > 100);
  const { answered } = loads.known;
  const browser = new Browser();
  await until(async () => (await logIn(stage, browser, '/')).status === 200);
  await until(async () => (await page(browser)) === 200);
  // Sessions that were lost stay so.
  expect(loads.known.answered).toBe(answered);
  expect(new Set(loads.known.failures)).toEqual(new Set(['status 401']));
  expectClosed();
});
