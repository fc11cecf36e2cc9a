import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { createExchange, type ExchangeOptions, run, type Seen } from '../../testkit/exchange.ts';
import type { Identity } from '../identity.ts';
import { isProblems } from '../translated.ts';
import { chooseCoding } from './accept-encoding.ts';
import { createCompression } from './filter.ts';
import type { CompressionSpec } from './schema.ts';
import { translateCompression } from './translate.ts';

const text = 'Some text that repeats itself. '.repeat(500);
const decode: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => gunzipSync(bytes),
  br: (bytes) => brotliDecompressSync(bytes),
  zstd: (bytes) => zstdDecompressSync(bytes),
};
const html = { 'content-type': 'text/html; charset=utf-8' };
const identity: Identity = {
  method: 'JWT',
  provider: 'a',
  subject: 'a',
  tenant: '',
  scopes: [],
  roles: [],
  claims: {},
};

describe('negotiation', () => {
  test.each<[string | undefined, string | null]>([
    [undefined, null],
    ['', null],
    ['identity', null],
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['GZIP, deflate, br', 'br'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['gzip;q=1.0, br;q=0.9', 'gzip'],
    ['gzip;q=0', null],
    ['gzip;q=0, *', 'zstd'],
    ['*;q=0', null],
    ['*', 'zstd'],
    ['zstd;q=0, br;q=0, *;q=0.1', 'gzip'],
    ['identity;q=1, gzip;q=0.5', null],
    ['identity;q=0.5, gzip;q=1', 'gzip'],
    ['identity;q=0, gzip', 'gzip'],
    ['gzip;q=2', null],
    ['gzip;q=abc, br', 'br'],
    ['gzip ; q=0.5 , br ; q=0.6', 'br'],
    ['deflate, compress', null],
    [`${'a,'.repeat(100)}gzip`, null],
  ])('%s is %s', (field, coding) => {
    expect(chooseCoding(field, ['zstd', 'br', 'gzip'])).toBe(coding);
  });
});

describe('compresses', () => {
  test.each(['gzip', 'br', 'zstd'])('with %s', async (coding) => {
    const seen = await compress(
      {},
      { headers: { 'accept-encoding': coding }, responseHeaders: html, responseBody: text },
    );
    const body = await seen.responseBody();
    expect(body.length).toBeLessThan(text.length / 4);
    expect(decode[coding]!(body).toString()).toBe(text);
    expect(seen.responseHeaders).toEqual([
      'content-type: text/html; charset=utf-8',
      'Vary: Accept-Encoding',
      `Content-Encoding: ${coding}`,
    ]);
  });

  test.each(['application/json', 'application/problem+json', 'image/svg+xml', 'text/css'])('%s', async (type) => {
    expect(await coded({}, { responseHeaders: { 'content-type': type } })).toBe('gzip');
  });

  test('what a known length says is long enough', async () => {
    expect(await coded({}, { responseHeaders: { ...html, 'content-length': '1024' } })).toBe('gzip');
    expect(await coded({ minSize: '2k' }, { responseHeaders: { ...html, 'content-length': '1999' } })).toBeUndefined();
  });

  test('a validator becomes weak, and what is said of the bytes goes', async () => {
    const responseHeaders = {
      ...html,
      etag: '"1"',
      'accept-ranges': 'bytes',
      'content-md5': 'x',
      vary: 'Origin, accept-encoding',
    };
    const seen = await compress({}, { headers: { 'accept-encoding': 'gzip' }, responseHeaders, responseBody: text });
    expect(seen.responseHeaders).toEqual([
      'content-type: text/html; charset=utf-8',
      'vary: Origin, accept-encoding',
      'Content-Encoding: gzip',
      'ETag: W/"1"',
    ]);
  });

  test('credentialed answers where that is asked for', async () => {
    const options: ExchangeOptions = {
      headers: { cookie: 'a=1', 'accept-encoding': 'gzip' },
      responseHeaders: { ...html, 'set-cookie': 'a=1' },
      identity,
    };
    expect(await coded({ credentialed: 'Compress' }, options)).toBe('gzip');
  });

  test('the algorithms that it may use, in its order', async () => {
    const headers = { 'accept-encoding': 'gzip, br, zstd' };
    expect(await coded({ algorithms: ['Gzip', 'Brotli'] }, { headers, responseHeaders: html })).toBe('gzip');
    expect(await coded({ algorithms: ['Brotli', 'Gzip'] }, { headers, responseHeaders: html })).toBe('br');
  });
});

describe('does not compress', () => {
  test.each<[string, ExchangeOptions]>([
    ['for who does not ask', { headers: {}, responseHeaders: html }],
    ['a picture', { responseHeaders: { 'content-type': 'image/png' } }],
    ['what has no type', {}],
    ['events', { responseHeaders: { 'content-type': 'text/event-stream' } }],
    ['gRPC', { responseHeaders: { 'content-type': 'application/grpc-web+json' } }],
    ['what is encoded', { responseHeaders: { ...html, 'content-encoding': 'br' } }],
    ['what must not be transformed', { responseHeaders: { ...html, 'cache-control': 'public, no-transform' } }],
    ['parts', { status: 206, responseHeaders: html }],
    ['nothing', { status: 204, responseHeaders: html }],
    ['what is unchanged', { status: 304 }],
    ['an answer to HEAD', { method: 'HEAD', responseHeaders: html }],
    ['what is short', { responseHeaders: { ...html, 'content-length': '1023' } }],
    ['what sets a cookie', { responseHeaders: { ...html, 'set-cookie': 'a=1' } }],
    ['what answers a cookie', { headers: { 'accept-encoding': 'gzip', cookie: 'a=1' }, responseHeaders: html }],
    [
      'what answers a credential',
      { headers: { 'accept-encoding': 'gzip', authorization: 'Bearer a' }, responseHeaders: html },
    ],
    ['what answers an identity', { identity, responseHeaders: html }],
  ])('%s', async (_, options) => {
    const seen = await compress({}, { headers: { 'accept-encoding': 'gzip' }, responseBody: text, ...options });
    expect((await seen.responseBody()).toString()).toBe(text);
  });

  test('answers of the gateway', async () => {
    const { exchange, seen } = createExchange({ headers: { 'accept-encoding': 'gzip' } });
    exchange.respond({ status: 200, headers: html, body: text });
    void filter({}).onResponse?.(exchange);
    expect((await seen().responseBody()).toString()).toBe(text);
  });

  test('more than 256 bodies at once', async () => {
    const compression = filter({});
    const begin = () => {
      const made = createExchange({
        headers: { 'accept-encoding': 'gzip' },
        responseHeaders: html,
        responseBody: text,
      });
      void compression.onResponse?.(made.exchange);
      return made.seen();
    };
    const first = Array.from({ length: 256 }, begin);
    expect(begin().responseHeaders).toEqual(['content-type: text/html; charset=utf-8', 'Vary: Accept-Encoding']);
    await Promise.all(first.map((seen) => seen.responseBody()));
    expect(begin().responseHeaders).toContain('Content-Encoding: gzip');
  });
});

test.each<[string, ExchangeOptions]>([
  ['for who does not ask', { responseHeaders: html }],
  ['an answer to HEAD', { method: 'HEAD', responseHeaders: html }],
  ['what is unchanged', { status: 304 }],
])('caches are told to ask again: %s', async (_, options) => {
  expect((await compress({}, options)).responseHeaders).toContain('Vary: Accept-Encoding');
});

test('a size that is none is refused', () => {
  expect(translateCompression({ credentialed: 'Skip', minSize: '2Gi' }, 'c')).toMatchObject([{ path: 'c.minSize' }]);
});

function filter(spec: Partial<CompressionSpec>) {
  const result = translateCompression({ credentialed: 'Skip', ...spec }, 'spec');
  if (isProblems(result)) throw new Error(JSON.stringify(result));
  return createCompression(result);
}

function compress(spec: Partial<CompressionSpec>, options: ExchangeOptions): Promise<Seen> {
  return run(filter(spec), options);
}

/** The coding that was chosen; the body is what was sent. */
async function coded(spec: Partial<CompressionSpec>, options: ExchangeOptions): Promise<string | undefined> {
  const seen = await compress(spec, { headers: { 'accept-encoding': 'gzip' }, responseBody: text, ...options });
  const coding = seen.responseHeaders.find((line) => line.startsWith('Content-Encoding: '))?.slice(18);
  const body = await seen.responseBody();
  expect((coding === undefined ? body : decode[coding]!(body)).toString()).toBe(text);
  return coding;
}
