import { beforeEach, describe, expect, test } from '@jest/globals';
import { createExchange, type ExchangeOptions } from '../testkit/exchange.ts';
import { VerdictCache } from './cache.ts';
import type { CacheConfig } from './config.ts';
import { createReadAnswer } from './http-answer.ts';
import { type Allowed, undecided, type Verdict } from './verdict.ts';

const allowed: Allowed = {
  kind: 'allowed',
  remove: [],
  set: [],
  add: [],
  response: { set: [], add: [] },
  facts: {},
  reusable: Number.POSITIVE_INFINITY,
};
const denied: Verdict = { kind: 'denied', status: 403, headers: {}, cookies: [], body: new Uint8Array() };

let time: number;
let asked: number;
let verdict: Verdict;
beforeEach(() => {
  time = 0;
  asked = 0;
  verdict = allowed;
});

function cacheOf(changes: Partial<CacheConfig> = {}): (options: ExchangeOptions) => Promise<Verdict> {
  const config: CacheConfig = {
    headers: [],
    cookies: ['sid'],
    scope: 'Request',
    ttl: 10_000,
    maxEntries: 100,
    ...changes,
  };
  const cache = new VerdictCache(config, () => time);
  const ask = async (): Promise<Verdict> => {
    asked++;
    return verdict;
  };
  return async (options) => cache.check(createExchange(options).exchange, ask);
}

const cookie = (value: string, more: ExchangeOptions = {}): ExchangeOptions => ({
  headers: { cookie: value },
  ...more,
});
const certificate = (fingerprint: string) => ({
  clientCertificate: {
    raw: new Uint8Array(),
    subject: 'CN=a',
    issuer: 'CN=ca',
    dnsNames: [],
    uris: [],
    emails: [],
    fingerprint,
    serialNumber: '1',
  },
});

test('an answer holds for its time, counted from the question', async () => {
  const check = cacheOf();
  await check(cookie('sid=1'));
  time = 9_999;
  expect(await check(cookie('sid=1'))).toBe(allowed);
  expect(asked).toBe(1);
  time = 10_000;
  await check(cookie('sid=1'));
  expect(asked).toBe(2);
});

test.each<[string, ExchangeOptions]>([
  ['another cookie', cookie('sid=2')],
  ['a second cookie of the name', cookie('sid=1; sid=2')],
  ['the same cookie once more', cookie('sid=1; a=b; sid=1')],
  ['another path', cookie('sid=1', { target: '/admin' })],
  ['another query', cookie('sid=1', { target: '/?a' })],
  ['another method', cookie('sid=1', { method: 'DELETE' })],
  ['another host', cookie('sid=1', { host: 'b.test' })],
  ['another scheme', cookie('sid=1', { scheme: 'https' })],
  ['another address', cookie('sid=1', { clientAddress: '192.0.2.2' })],
  ['a certificate', cookie('sid=1', certificate('ab'))],
])('%s is another question', async (_, other) => {
  const check = cacheOf();
  await check(cookie('sid=1'));
  await check(other);
  expect(asked).toBe(2);
});

test('another certificate is another question', async () => {
  const check = cacheOf();
  await check(cookie('sid=1', certificate('ab')));
  await check(cookie('sid=1', certificate('cd')));
  expect(asked).toBe(2);
});

test('an answer for credentials alone holds for every path', async () => {
  const check = cacheOf({ scope: 'Credentials', headers: ['authorization'] });
  await check(cookie('sid=1'));
  await check(cookie('sid=1', { target: '/admin', method: 'POST', ...certificate('ab') }));
  expect(asked).toBe(1);
  await check({ headers: { cookie: 'sid=1', authorization: 'x' } });
  expect(asked).toBe(2);
});

test('no value reaches into the next', async () => {
  const check = cacheOf({ scope: 'Credentials', cookies: ['a', 'b'], headers: ['x'] });
  for (const one of ['a=12; b=3', 'a=1; b=23', 'a=123', 'b=123']) await check(cookie(one));
  await check({ headers: { x: '123' } });
  expect(asked).toBe(5);
});

test('nothing is kept for who shows no credential', async () => {
  const check = cacheOf();
  await check({});
  await check({});
  await check(cookie('sid='));
  await check(cookie('sid='));
  expect(asked).toBe(4);
});

test.each([
  ['a refusal', denied],
  ['no decision', undecided],
  ['what may not be used again', { ...allowed, reusable: 0 }],
])('%s is not kept', async (_, given) => {
  verdict = given;
  const check = cacheOf();
  for (let i = 0; i < 2; i++) expect(await check(cookie('sid=1'))).toBe(given);
  expect(asked).toBe(2);
});

test('requests that come together are one question, whatever the answer', async () => {
  verdict = denied;
  const check = cacheOf();
  const given = await Promise.all([1, 2, 3].map(() => check(cookie('sid=1'))));
  expect([asked, ...given]).toEqual([1, denied, denied, denied]);
});

test('so many answers are kept, and no more', async () => {
  const check = cacheOf({ maxEntries: 2 });
  for (const sid of [1, 2, 3, 1]) await check(cookie(`sid=${sid}`));
  expect(asked).toBe(4);
});

describe('for how long an answer of HTTP may be used again', () => {
  const read = createReadAnswer({
    protocol: 'HTTP',
    authority: 'a',
    method: 'GET',
    path: { type: 'Fixed', value: '/' },
    contract: 'nginx',
    requestHeaders: null,
    responseHeaders: [],
    passes: 'Any2xx',
    refusals: 'None',
  });

  test.each<[readonly (readonly [string, string])[], number]>([
    [[], Number.POSITIVE_INFINITY],
    [[['cache-control', 'max-age=3']], 3000],
    [[['cache-control', 'public, Max-Age=3']], 3000],
    [[['cache-control', 'max-age=0']], 0],
    [[['cache-control', 'private, no-store']], 0],
    [[['cache-control', 'no-cache="set-cookie"']], 0],
    [[['set-cookie', 'a=b']], 0],
  ])('%j', (lines, reusable) => {
    const headers = new Map(lines.map(([name, value]) => [name, [value]]));
    expect(read({ status: 200, headers, body: new Uint8Array() })).toMatchObject({ reusable });
  });
});
