import { describe, expect, test } from '@jest/globals';
import { type ExchangeOptions, run } from '../../testkit/exchange.ts';
import { isProblems } from '../translated.ts';
import { createSecurityHeaders } from './filter.ts';
import type { SecurityHeadersConfig, SecurityHeadersSpec } from './schema.ts';
import { translateSecurityHeaders } from './translate.ts';

type Spec = Partial<SecurityHeadersSpec>;
const hsts = (more: Partial<NonNullable<Spec['hsts']>>) => ({ includeSubDomains: false, preload: false, ...more });

describe('translate', () => {
  test.each<[Spec, string, string]>([
    [{ hsts: hsts({ preload: true }) }, 'headers.hsts.preload', 'includeSubDomains'],
    [{ hsts: hsts({ preload: true, includeSubDomains: true, maxAge: '8759h' }) }, 'headers.hsts.maxAge', '8760h'],
    [{ contentSecurityPolicy: "default-src 'self'\r\nX-Evil: 1" }, 'headers.contentSecurityPolicy', 'line break'],
    [{ permissionsPolicy: 'camera=()\n' }, 'headers.permissionsPolicy', 'line break'],
    [{ remove: ['server', 'content-length'] }, 'headers.remove[1]', 'belongs to the connection'],
    [{ remove: ['a b'] }, 'headers.remove[0]', 'no header name'],
  ])('%j is refused', (spec, path, message) => {
    expect(translateSecurityHeaders({ override: false, ...spec }, 'headers')).toEqual([
      { path, reason: 'UnsupportedValue', message: expect.stringContaining(message) },
    ]);
  });

  test.each<[Spec['hsts'], string]>([
    [hsts({}), 'max-age=31536000'],
    [hsts({ maxAge: '0s' }), 'max-age=0'],
    [hsts({ maxAge: '1h30m500ms' }), 'max-age=5400'],
    [
      hsts({ maxAge: '17520h', includeSubDomains: true, preload: true }),
      'max-age=63072000; includeSubDomains; preload',
    ],
  ])('%j is %s', (of, line) => {
    expect(config({ ...(of !== undefined && { hsts: of }) }).hsts).toBe(line);
  });
});

describe('on https', () => {
  const Basic = [
    'X-Content-Type-Options: nosniff',
    'X-Frame-Options: SAMEORIGIN',
    'Referrer-Policy: strict-origin-when-cross-origin',
    'Strict-Transport-Security: max-age=31536000',
  ];

  test('each preset', async () => {
    expect((await ask({ preset: 'Basic' })).responseHeaders).toEqual(Basic);
    expect((await ask({ preset: 'Strict' })).responseHeaders).toEqual([
      'X-Content-Type-Options: nosniff',
      'X-Frame-Options: DENY',
      'Referrer-Policy: no-referrer',
      expect.stringMatching(/^Content-Security-Policy: default-src 'self'; .*frame-ancestors 'none'/),
      expect.stringMatching(/^Permissions-Policy: camera=\(\), /),
      'Cross-Origin-Opener-Policy: same-origin',
      'Cross-Origin-Resource-Policy: same-origin',
      'Strict-Transport-Security: max-age=31536000; includeSubDomains',
    ]);
  });

  test('single fields overrule the preset, or leave one out', async () => {
    const spec: Spec = { preset: 'Basic', frameOptions: 'Deny', referrerPolicy: 'Omit', hsts: hsts({ maxAge: '0s' }) };
    expect((await ask(spec)).responseHeaders).toEqual([
      'X-Content-Type-Options: nosniff',
      'X-Frame-Options: DENY',
      'Strict-Transport-Security: max-age=0',
    ]);
    const texts = (await ask({ preset: 'Strict', contentSecurityPolicy: 'Omit', permissionsPolicy: ' usb=() ' }))
      .responseHeaders;
    expect(texts.filter((line) => /policy: /i.test(line) && !/^(cross|referrer)/i.test(line))).toEqual([
      'Permissions-Policy: usb=()',
    ]);
  });

  test.each<[Spec, string]>([
    [{ referrerPolicy: 'UnsafeURL' }, 'Referrer-Policy: unsafe-url'],
    [{ crossOriginEmbedderPolicy: 'RequireCorp' }, 'Cross-Origin-Embedder-Policy: require-corp'],
    [{ crossOriginOpenerPolicy: 'SameOriginAllowPopups' }, 'Cross-Origin-Opener-Policy: same-origin-allow-popups'],
    [{ crossOriginResourcePolicy: 'CrossOrigin' }, 'Cross-Origin-Resource-Policy: cross-origin'],
    [{ contentSecurityPolicy: "frame-src 'none'" }, "Content-Security-Policy: frame-src 'none'"],
  ])('%j alone is one line', async (spec, line) => {
    expect((await ask(spec)).responseHeaders).toEqual([line]);
  });

  test('what the backend says stands, unless it is overruled', async () => {
    const responseHeaders = { 'x-frame-options': 'ALLOW', 'strict-transport-security': 'max-age=1' };
    expect((await ask({ preset: 'Basic' }, { responseHeaders })).responseHeaders).toEqual([
      'x-frame-options: ALLOW',
      'strict-transport-security: max-age=1',
      'X-Content-Type-Options: nosniff',
      'Referrer-Policy: strict-origin-when-cross-origin',
    ]);
    expect((await ask({ preset: 'Basic', override: true }, { responseHeaders })).responseHeaders).toEqual(Basic);
  });

  test('Server and X-Powered-By go, or what is named instead', async () => {
    const responseHeaders = { server: 'x/1', 'X-Powered-By': 'y', 'x-generator': 'z' };
    expect((await ask({}, { responseHeaders })).responseHeaders).toEqual(['x-generator: z']);
    expect((await ask({ remove: ['X-Generator'] }, { responseHeaders })).responseHeaders).toEqual([
      'server: x/1',
      'X-Powered-By: y',
    ]);
    expect((await ask({ remove: [] }, { responseHeaders })).responseHeaders).toHaveLength(3);
  });
});

describe('HSTS', () => {
  test.each<[ExchangeOptions, boolean]>([
    [{ scheme: 'https' }, true],
    [{ scheme: 'http' }, false],
    [{ scheme: 'http', headers: { 'x-forwarded-proto': 'https' } }, true],
    [{ scheme: 'http', headers: { 'x-forwarded-proto': 'http' } }, false],
    [{ scheme: 'http', headers: { 'x-forwarded-proto': ['http', 'https'] } }, false],
  ])('with %j is sent: %s', async (options, sent) => {
    const lines = (await ask({ hsts: hsts({}) }, options)).responseHeaders;
    expect(lines).toEqual(sent ? ['Strict-Transport-Security: max-age=31536000'] : []);
  });
});

function config(spec: Spec): SecurityHeadersConfig {
  const result = translateSecurityHeaders({ override: false, ...spec }, 'headers');
  if (isProblems(result)) throw new Error(JSON.stringify(result));
  return result;
}

function ask(spec: Spec, options: ExchangeOptions = {}) {
  return run(createSecurityHeaders(config(spec)), { scheme: 'https', ...options });
}
