/** Requests of the gateway's own: what is answered, what is refused, and how a dead provider fails fast. */

import { buffer } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { HttpQuestion } from '../../policy/feeds.ts';
import { until } from '../../testkit/until.ts';
import { AskError } from '../ask-error.ts';
import { createProvider, createTestSource, json, type TestProvider, testEgress } from '../provider.testing.ts';

let provider: TestProvider;
let cleanups: (() => unknown)[] = [];
beforeEach(async () => {
  provider = await createProvider();
  cleanups = [() => provider.close()];
});
afterEach(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

function open(options: Parameters<typeof createTestSource>[0] = {}) {
  const { source } = createTestSource(options);
  cleanups.push(() => source.close());
  const ask = (change: Partial<HttpQuestion> = {}, { timeout = 2000, signal = AbortSignal.timeout(timeout) } = {}) =>
    source.answer(
      {
        kind: 'http',
        question: {
          method: 'GET',
          url: `${provider.origin}/token`,
          headers: {},
          maxBody: 1000,
          authority: provider.authority,
          ...change,
        },
      },
      { timeout, signal, running: () => undefined },
    );
  /** Code of the error. */
  const refusal = (...args: Parameters<typeof ask>) => ask(...args).then(String, (error: AskError) => error.code);
  return { source, ask, refusal };
}

test('what must be asked once is asked once, whoever asks', async () => {
  provider.answer = json({ a: 1 });
  const { ask } = open();
  const answers = await Promise.all([ask({ once: 'a' }), ask({ once: 'a' }), ask({ once: 'b' }), ask(), ask()]);
  expect(answers).toHaveLength(5);
  expect(provider.asked).toHaveLength(4);
});

test('method, fields and body arrive; status, fields and body come back', async () => {
  provider.answer = async (request, response) => {
    const { method, headers } = request;
    const body = (await buffer(request)).toString();
    response.writeHead(401, { 'set-cookie': ['a=1', 'b=2'], 'x-a': 'b' });
    response.end(JSON.stringify([method, headers['content-type'], headers['host'], headers['user-agent'], body]));
  };
  const answer = await open().ask({
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=refresh_token',
  });
  expect(answer.status).toBe(401);
  expect(answer.headers).toMatchObject({ 'set-cookie': ['a=1', 'b=2'], 'x-a': ['b'] });
  expect(JSON.parse(Buffer.from(answer.body).toString())).toEqual([
    'POST',
    'application/x-www-form-urlencoded',
    new URL(provider.origin).host,
    expect.stringMatching(/^suuupra-gateway\//),
    'grant_type=refresh_token',
  ]);
});

test('no redirect is followed', async () => {
  provider.answer = (_request, response) => void response.writeHead(307, { location: '/elsewhere' }).end();
  expect((await open().ask()).status).toBe(307);
  expect(provider.asked).toEqual(['/token']);
});

describe('what is refused', () => {
  test.each<[string, Partial<HttpQuestion>, string]>([
    ['no URL', { url: 'token' }, 'url-invalid'],
    ['plain http', { url: 'http://default.example/' }, 'url-invalid'],
    ['a link-local address', { url: 'https://169.254.169.254/' }, 'egress-denied'],
    ['a longer answer than asked for', { maxBody: 10 }, 'response-too-large'],
    ['a certificate of somebody else', { authority: null }, 'connect-failed'],
    ['a bundle that is none', { authority: 'x' }, 'connect-failed'],
    ['a field that cannot be sent', { headers: { 'x-a': 'a\r\nb: c' } }, 'failed'],
  ])('%s', async (_name, change, code) => {
    provider.answer = json({ long: 'enough' });
    expect(await open().refusal(change)).toBe(code);
  });

  test('an answer that does not come in time, or for one who has gone', async () => {
    provider.answer = () => undefined;
    const { refusal } = open();
    expect(await refusal({}, { timeout: 50 })).toBe('timeout');
    const gone = new AbortController();
    const answer = refusal({}, { signal: gone.signal });
    await until(() => provider.asked.length === 2);
    gone.abort(new AskError('failed', 'gone'));
    expect(await answer).toBe('failed');
  });
});

test('an address that is denied from now on is not asked over an old connection', async () => {
  provider.answer = json({});
  const { source, refusal, ask } = open();
  expect((await ask()).status).toBe(200);
  source.configure({ egress: { ...testEgress, deniedCIDRs: ['127.0.0.0/8'] }, redis: null });
  // More than once and some turns later: right after an answer its connection is not free yet, and another would be opened anyway.
  for (let i = 0; i < 3; i++) {
    expect(await refusal()).toBe('egress-denied');
    await turn();
  }
});

describe('a provider that is dead', () => {
  test('fails at once after five failures, and is tried again', async () => {
    const { refusal, ask, source } = open({ breakers: { firstPause: 300, longestPause: 300 } });
    provider.answer = (_request, response) => void response.destroy();
    for (let i = 0; i < 5; i++) expect(await refusal()).toBe('connect-failed');
    expect(await refusal()).toBe('breaker-open');
    // Others, who ask with another timeout, have a breaker of their own.
    provider.answer = json({});
    expect((await ask({}, { timeout: 3000 })).status).toBe(200);
    await until(async () => (await refusal()) !== 'breaker-open');
    expect((await ask()).status).toBe(200);
    const { samples = [] } = source.series().find(({ name }) => name === 'suuupra_provider_requests_total') ?? {};
    const { host } = new URL(provider.origin);
    expect(samples).toContainEqual([{ host, result: 'failed' }, 5]);
    expect(samples.find(([{ result }]) => result === 'refused')?.[1]).toBeGreaterThan(0);
  });

  test('is not one that answers with errors', async () => {
    const { ask } = open();
    provider.answer = (_request, response) => void response.writeHead(500).end();
    for (let i = 0; i < 6; i++) expect((await ask()).status).toBe(500);
  });

  test('or slow holds only so many', async () => {
    const { refusal } = open();
    provider.answer = () => undefined;
    const gone = new AbortController();
    const all = Array.from({ length: 321 }, () => refusal({}, { signal: gone.signal }));
    expect(await Promise.race(all)).toBe('overloaded');
    gone.abort(new AskError('failed', 'gone'));
    expect((await Promise.all(all)).filter((code) => code === 'overloaded')).toHaveLength(1);
  });
});
