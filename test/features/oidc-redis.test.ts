/** A login whose session is in a real Redis: a short cookie, one refresh, and a logout that ends every copy. */
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../../pkg/testkit/redis.ts';
import { Browser } from './browser.ts';
import { type LoginStage, logIn, startLogin } from './login-stage.ts';
import { until } from './until.ts';

const GOOD_FOR = 5;

let server: RedisServer;
let redis: Redis;
let stage: LoginStage;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.port, '127.0.0.1');
  stage = await startLogin(GOOD_FOR, server.url);
});
afterAll(async () => {
  redis.disconnect();
  await stage.stop();
  await server.kill();
});

test('logs in, is prolonged once for all, and is nowhere after the logout', async () => {
  const browser = new Browser();
  expect((await logIn(stage, browser, '/')).status).toBe(200);
  const cookies = [...(browser.cookies.get('app.localhost') ?? [])].filter(([name]) => !/-login$|^own$/.test(name));
  expect(cookies.map(([, value]) => value.length < 200)).toEqual([true]);
  const names = await redis.keys('*');
  expect(names).toEqual([expect.stringMatching(/^suuupra:session:/)]);

  const tokens = () => stage.provider.asked.filter((asked) => asked === 'POST /token').length;
  const before = tokens();
  const held = await redis.get(names[0]!);
  await setTimeout(GOOD_FOR * 800 + 300);
  const pages = await Promise.all(Array.from({ length: 10 }, () => browser.ask(new URL(`${stage.app}/`))));
  expect(pages.map(({ status }) => status)).toEqual(Array(10).fill(200));
  expect(tokens()).toBe(before + 1);
  expect(await redis.get(names[0]!)).not.toBe(held);

  const copy = new Browser();
  copy.cookies.set('app.localhost', new Map(cookies));
  const ask = () => copy.ask(new URL(`${stage.app}/`), { 'sec-fetch-mode': 'cors' });
  expect((await ask()).status).toBe(200);
  await browser.open(`${stage.app}/oauth2/logout`);
  expect(await redis.keys('*')).toEqual([]);
  await until(async () => (await ask()).status === 401);
});
