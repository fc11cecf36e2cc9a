/** What a provider's document gives, and what it must not say. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until } from '../../testkit/until.ts';
import { createProvider, createTestSource, json, type TestProvider } from '../provider.testing.ts';

let provider: TestProvider;
let source: ReturnType<typeof createTestSource>;
beforeEach(async () => {
  provider = await createProvider();
  source = createTestSource();
});
afterEach(async () => {
  await source.source.close();
  await provider.close();
});

const watch = (issuer = provider.origin) =>
  source.watch({
    kind: 'discovery',
    config: { issuer, authority: provider.authority, cacheDuration: 60_000, maxStale: 60_000 },
  });

test('gives the endpoints and offers that gateways use', async () => {
  const used = {
    issuer: provider.origin,
    authorization_endpoint: `${provider.origin}/authorize`,
    token_endpoint: 'https://elsewhere.example/token',
    end_session_endpoint: `${provider.origin}/logout`,
    jwks_uri: `${provider.origin}/keys`,
    code_challenge_methods_supported: ['S256'],
  };
  provider.answer = json({ ...used, scopes_supported: ['openid', 1], response_types_supported: ['code'] });
  const watched = watch();
  await until(() => watched.values.length > 0);
  expect(watched.last).toEqual({
    provider: { ...used, scopes_supported: ['openid'] },
    fetchedAt: 1_000_000,
    failure: '',
  });
  const names = source.source.series().filter(({ samples }) => samples.length > 0);
  expect(names.map(({ name, samples }) => [name, samples])).toEqual([
    ['suuupra_discovery_fetches_total', [[{ source: provider.origin }, 1]]],
    ['suuupra_discovery_fetch_failures_total', [[{ source: provider.origin }, 0]]],
    ['suuupra_discovery_age_seconds', [[{ source: provider.origin }, 0]]],
    ['suuupra_discovery_available', [[{ source: provider.origin }, 1]]],
  ]);
});

test.each<[string, object, RegExp]>([
  ['no issuer', { issuer: undefined }, /names another issuer/],
  ['another issuer', { issuer: 'https://evil.example' }, /names another issuer/],
  ['plain http', { token_endpoint: 'http://a.example/token' }, /token_endpoint in the discovery document .* not https/],
  ['a script', { authorization_endpoint: 'javascript:alert(1)' }, /authorization_endpoint .* it is not https/],
  ['a number', { end_session_endpoint: 1 }, /end_session_endpoint .* it is no string/],
])('is not taken with %s', async (_name, change, why) => {
  provider.answer = json({ issuer: provider.origin, token_endpoint: `${provider.origin}/token`, ...change });
  const watched = watch();
  await until(() => watched.values.length > 0);
  expect(watched.last).toEqual({ provider: null, fetchedAt: 0, failure: expect.stringMatching(why) });
});

test.each(['https://default.example/?a', 'https://default.example/#a'])('asks no issuer %s', async (issuer) => {
  const watched = watch(issuer);
  await until(() => watched.values.length > 0);
  expect(watched.last?.failure).toMatch(/has a query or fragment/);
});
