import { describe, expect, test } from '@jest/globals';
import { type ExchangeOptions, run } from '../../testkit/exchange.ts';
import { isProblems } from '../translated.ts';
import { createCsrf } from './filter.ts';
import type { CsrfConfig, CsrfSpec } from './schema.ts';
import { translateCsrf } from './translate.ts';

describe('translate', () => {
  test.each([
    ['*', 'every page'],
    ['app.example.com', 'no origin'],
    ['https://app.example.com/path', 'no origin'],
    ['https://a.*.example.com', 'no origin'],
    ['null', 'no origin'],
  ])('%s is refused', (origin, message) => {
    const spec = { additionalOrigins: ['https://ok.test', origin], allowSameSite: false };
    expect(translateCsrf(spec, 'csrf')).toEqual([
      expect.objectContaining({ path: 'csrf.additionalOrigins[1]', message: expect.stringContaining(message) }),
    ]);
  });
});

type Headers = Readonly<Record<string, string | readonly string[]>>;

describe('a POST to https://shop.example', () => {
  test.each<[Headers, boolean]>([
    // What browsers of today say.
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'none' }, true],
    [{ 'sec-fetch-site': 'same-site' }, false],
    [{ 'sec-fetch-site': 'cross-site' }, false],
    [{ 'sec-fetch-site': 'same-origin', origin: 'https://shop.example' }, true],
    // It decides, whatever stands beside it.
    [{ 'sec-fetch-site': 'cross-site', origin: 'https://shop.example' }, false],
    [{ 'sec-fetch-site': 'same-origin', origin: 'null' }, true],
    [{ 'sec-fetch-site': '' }, false],
    [{ 'sec-fetch-site': 'Same-Origin' }, false],
    [{ 'sec-fetch-site': ['same-origin', 'cross-site'] }, false],
    [{ 'sec-fetch-site': 'same-origin, same-origin' }, false],
    // Origin alone.
    [{ origin: 'https://shop.example' }, true],
    [{ origin: 'https://shop.example:443' }, true],
    [{ origin: 'https://shop.example:8443' }, false],
    [{ origin: 'http://shop.example' }, false],
    [{ origin: 'https://evil.example' }, false],
    [{ origin: 'https://shop.example.evil.test' }, false],
    [{ origin: 'https://evil.test/shop.example' }, false],
    [{ origin: 'https://shop.example@evil.test' }, false],
    [{ origin: 'https://a.shop.example' }, false],
    [{ origin: 'null' }, false],
    [{ origin: '' }, false],
    [{ origin: 'file://' }, false],
    [{ origin: 'ftp://shop.example' }, false],
    [{ origin: ['https://shop.example', 'https://evil.test'] }, false],
    [{ origin: 'https://evil.test', referer: 'https://shop.example/' }, false],
    // Referer alone.
    [{ referer: 'https://shop.example/cart?a=1' }, true],
    [{ referer: 'https://evil.test/?https://shop.example/' }, false],
    [{ referer: 'https://shop.example.evil.test/' }, false],
    [{ referer: 'http://shop.example/' }, false],
    [{ referer: '' }, false],
    // No browser.
    [{}, true],
    [{ authorization: 'Bearer x' }, true],
    [{ cookie: 'session=1' }, false],
    [{ cookie: 'session=1', authorization: 'Bearer x' }, false],
    [{ cookie: 'session=1', origin: 'https://shop.example' }, true],
    // Of the additional origins.
    [{ origin: 'https://pay.test' }, true],
    [{ origin: 'https://pay.test', 'sec-fetch-site': 'cross-site' }, true],
    [{ origin: 'http://pay.test' }, false],
    [{ origin: 'https://a.partner.test' }, true],
    [{ origin: 'https://partner.test' }, false],
    [{ referer: 'https://pay.test/form' }, true],
  ])('with %j passes: %s', async (headers, passes) => {
    const spec = { additionalOrigins: ['https://pay.test', 'https://*.partner.test'], allowSameSite: false };
    const seen = await ask(spec, { headers });
    expect([seen.denied, seen.status]).toEqual(passes ? [undefined, 200] : ['origin-denied', 403]);
  });

  test('of a page of the same site, where that is allowed', async () => {
    const denied = async (site: string) =>
      (await ask({ allowSameSite: true }, { headers: { 'sec-fetch-site': site } })).denied;
    expect([await denied('same-site'), await denied('same-origin'), await denied('cross-site')]).toEqual([
      undefined,
      undefined,
      'origin-denied',
    ]);
  });
});

describe('the other way round', () => {
  test.each<[ExchangeOptions, boolean]>([
    // TLS ended before us.
    [{ scheme: 'http', headers: { origin: 'https://shop.example' } }, true],
    [{ scheme: 'http', headers: { origin: 'http://shop.example' } }, true],
    [{ scheme: 'http', hostPort: 8080, headers: { origin: 'http://shop.example:8080' } }, true],
    [{ scheme: 'http', hostPort: 8080, headers: { origin: 'http://shop.example' } }, false],
    [{ scheme: 'https', hostPort: 443, headers: { origin: 'https://shop.example' } }, true],
    [{ host: '[2001:db8::1]', headers: { origin: 'https://[2001:db8::1]' } }, true],
    [{ host: '192.0.2.1', headers: { origin: 'https://192.0.2.1' } }, true],
  ])('%j passes: %s', async (options, passes) => {
    expect((await ask({}, options)).denied).toBe(passes ? undefined : 'origin-denied');
  });
});

describe('methods', () => {
  const headers = { 'sec-fetch-site': 'cross-site', cookie: 'a=b' };
  test.each([
    ['GET', true],
    ['HEAD', true],
    ['OPTIONS', true],
    ['TRACE', true],
    ['POST', false],
    ['PUT', false],
    ['PATCH', false],
    ['DELETE', false],
    ['QUERY', false],
    ['get', false],
  ])('%s passes: %s', async (method, passes) => {
    expect((await ask({}, { method, headers })).denied).toBe(passes ? undefined : 'origin-denied');
  });

  test('a WebSocket of another origin is refused', async () => {
    const upgrade = { upgrade: 'websocket', connection: 'upgrade' };
    const denied = async (more: Headers) => (await ask({}, { method: 'GET', headers: { ...upgrade, ...more } })).denied;
    expect(await denied({ origin: 'https://evil.test', cookie: 'a=b' })).toBe('origin-denied');
    expect(await denied({ origin: 'https://shop.example', cookie: 'a=b' })).toBeUndefined();
    expect(await denied({})).toBeUndefined();
  });
});

function config(spec: Partial<CsrfSpec>): CsrfConfig {
  const result = translateCsrf({ allowSameSite: false, ...spec }, 'csrf');
  if (isProblems(result)) throw new Error(JSON.stringify(result));
  return result;
}

function ask(spec: Partial<CsrfSpec>, options: ExchangeOptions) {
  return run(createCsrf(config(spec)), { method: 'POST', scheme: 'https', host: 'shop.example', ...options });
}
