import { describe, expect, test } from '@jest/globals';
import type { HTTPCORSFilter } from '../../api/httproute.ts';
import { type ExchangeOptions, run, type Seen } from '../../testkit/exchange.ts';
import { isProblems } from '../translated.ts';
import { createCors } from './filter.ts';
import type { CorsConfig } from './schema.ts';
import { translateCors } from './translate.ts';

describe('translate', () => {
  test.each([
    ['app.example.com', 'no scheme'],
    ['https://app.example.com/path', 'a path'],
    ['https://a.*.example.com', 'a wildcard inside'],
    ['https://app.example.com:*', 'a wildcard port'],
    ['https://a.example.com, https://b.example.com', 'two in one'],
  ])('%s is refused: %s', (origin) => {
    const problems = translateCors({ allowOrigins: ['https://ok.example.com', origin], maxAge: 5 }, 'spec.cors');
    expect(problems).toEqual([
      expect.objectContaining({ path: 'spec.cors.allowOrigins[1]', reason: 'UnsupportedValue' }),
    ]);
  });

  test('a list in one entry is refused with the way to write it', () => {
    expect(translateCors({ allowHeaders: ['x-a, x-b'], maxAge: 5 }, 'cors')).toEqual([
      expect.objectContaining({ path: 'cors.allowHeaders[0]', message: expect.stringContaining('one name per entry') }),
    ]);
  });

  test('`*` methods with credentials are echoed, since browsers take the star literally', () => {
    expect(config({ allowOrigins: ['*'], allowMethods: ['*'], allowCredentials: true }).methods).toBeNull();
    expect(config({ allowOrigins: ['*'], allowMethods: ['*', 'PUT'] }).methods).toBe('*');
  });
});

describe('actual requests', () => {
  test.each([
    ['https://app.example.com', true],
    ['https://a.b.example.com', true],
    ['https://.example.com', false],
    ['https://example.com', false],
    ['http://app.example.com', false],
    ['https://app.example.com.evil.test', false],
    ['https://Fixed.test:8443', false],
    ['https://fixed.test:8443', true],
    ['https://fixed.test', false],
    ['null', false],
  ])('%s allowed: %s', async (origin, allowed) => {
    const seen = await cors(
      { allowOrigins: ['https://*.example.com', 'https://Fixed.test:8443'] },
      { headers: { origin } },
    );
    expect(seen.responseHeaders).toEqual(
      allowed ? ['Vary: Origin', `access-control-allow-origin: ${origin}`] : ['Vary: Origin'],
    );
    expect(seen.local).toBeUndefined();
  });

  test('every origin without credentials is a star that caches may share', async () => {
    const seen = await cors({ allowOrigins: ['*'] }, { headers: { origin: 'https://a.test' } });
    expect(seen.responseHeaders).toEqual(['access-control-allow-origin: *']);
  });

  test('every origin with credentials is echoed, never a star', async () => {
    const spec = { allowOrigins: ['*'], allowCredentials: true, exposeHeaders: ['x-a', 'x-b'] };
    const seen = await cors(spec, { headers: { origin: 'https://a.test' } });
    expect(seen.responseHeaders).toEqual([
      'Vary: Origin',
      'access-control-allow-origin: https://a.test',
      'access-control-allow-credentials: true',
      'access-control-expose-headers: x-a, x-b',
    ]);
  });

  test('what the backend allowed is replaced, also where the gateway allows nothing', async () => {
    const responseHeaders = {
      'Access-Control-Allow-Origin': '*',
      'access-control-allow-credentials': 'true',
      vary: 'accept, ORIGIN',
    };
    const options = { headers: { origin: 'https://b.test' }, responseHeaders };
    expect((await cors({ allowOrigins: ['https://a.test'] }, options)).responseHeaders).toEqual([
      'vary: accept, ORIGIN',
    ]);
    expect((await cors({ allowOrigins: ['https://b.test'] }, options)).responseHeaders).toEqual([
      'vary: accept, ORIGIN',
      'access-control-allow-origin: https://b.test',
    ]);
  });

  test('a request of the same site stays as it is, but for Vary', async () => {
    const seen = await cors({ allowOrigins: ['https://a.test'] }, { responseHeaders: { vary: 'accept' } });
    expect(seen.responseHeaders).toEqual(['vary: accept', 'Vary: Origin']);
  });
});

describe('preflights', () => {
  const ask = (origin: string, headers: Record<string, string> = {}): ExchangeOptions => ({
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'PUT', ...headers },
  });

  test('are answered here with everything a browser asks for', async () => {
    const spec = {
      allowOrigins: ['https://a.test'],
      allowMethods: ['PUT', 'DELETE'],
      allowHeaders: ['x-a', 'x-b'],
      exposeHeaders: ['x-c'],
      allowCredentials: true,
      maxAge: 3600,
    };
    const seen = await cors(spec, ask('https://a.test'));
    expect(seen).toMatchObject({ status: 204, local: { body: '' } });
    expect(seen.responseHeaders).toEqual([
      'access-control-allow-methods: PUT, DELETE',
      'access-control-allow-headers: x-a, x-b',
      'access-control-max-age: 3600',
      'Vary: Origin',
      'access-control-allow-origin: https://a.test',
      'access-control-allow-credentials: true',
      'access-control-expose-headers: x-c',
    ]);
  });

  test('of another origin get 204 and not one CORS header', async () => {
    const seen = await cors({ allowOrigins: ['https://a.test'] }, ask('https://b.test'));
    expect(seen).toMatchObject({ status: 204, responseHeaders: ['Vary: Origin'] });
  });

  test.each([
    [true, 'PUT', 'x-a,x-b'],
    [false, '*', '*'],
  ])('stars with credentials %s give methods %s and headers %s', async (allowCredentials, methods, headers) => {
    const spec = { allowOrigins: ['https://a.test'], allowMethods: ['*'], allowHeaders: ['*'], allowCredentials };
    const seen = await cors(spec, ask('https://a.test', { 'access-control-request-headers': 'x-a,x-b' }));
    expect(seen.responseHeaders).toEqual(
      expect.arrayContaining([`access-control-allow-methods: ${methods}`, `access-control-allow-headers: ${headers}`]),
    );
  });

  test.each([
    ['without the method asked for', { origin: 'https://a.test' }],
    ['without an origin', { 'access-control-request-method': 'PUT' }],
  ])('OPTIONS %s belongs to the backend', async (_, headers) => {
    expect((await cors({ allowOrigins: ['*'] }, { method: 'OPTIONS', headers })).local).toBeUndefined();
  });
});

function config(spec: Partial<HTTPCORSFilter>): CorsConfig {
  const result = translateCors({ maxAge: 5, ...spec }, 'spec');
  if (isProblems(result)) throw new Error(JSON.stringify(result));
  return result;
}

function cors(spec: Partial<HTTPCORSFilter>, options: ExchangeOptions): Promise<Seen> {
  return run(createCors(config(spec)), options);
}
