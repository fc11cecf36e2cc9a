import { describe, expect, test } from '@jest/globals';
import { type ExchangeOptions, run } from '../../testkit/exchange.ts';
import { isProblems } from '../translated.ts';
import { createRequestLimits } from './filter.ts';
import type { RequestLimitsConfig, RequestLimitsSpec } from './schema.ts';
import { translateRequestLimits } from './translate.ts';

describe('translate', () => {
  test('sizes are bytes, types are in lower case, HEAD comes with GET', () => {
    expect(
      config({
        bodySize: '1Mi',
        decodedBodySize: '10Mi',
        decodedBodyRatio: 50,
        contentEncodings: ['gzip'],
        headerSize: '8k',
        methods: ['GET', 'POST'],
        contentTypes: ['Application/JSON', 'image/*'],
      }),
    ).toEqual({
      bodyBytes: 1_048_576,
      decodedBytes: 10_485_760,
      decodedRatio: 50,
      contentEncodings: ['gzip'],
      headBytes: 8_000,
      headerCount: null,
      urlLength: null,
      queryParams: null,
      methods: ['GET', 'POST', 'HEAD'],
      contentTypes: ['application/json', 'image/*'],
    });
    expect(config({ methods: ['HEAD', 'GET'] }).methods).toEqual(['HEAD', 'GET']);
    expect(config({ methods: ['POST'] }).methods).toEqual(['POST']);
  });

  test.each<[RequestLimitsSpec, string]>([
    [{}, 'limits'],
    [{ bodySize: '1.5Mi' }, 'limits.bodySize'],
    [{ decodedBodySize: 'x' }, 'limits.decodedBodySize'],
    [{ bodySize: '1Mi', headerSize: '9999999Gi' }, 'limits.headerSize'],
  ])('%j is refused', (spec, path) => {
    expect(translateRequestLimits(spec, 'limits')).toEqual([
      { path, reason: 'UnsupportedValue', message: expect.stringContaining('write') },
    ]);
  });
});

describe('heads', () => {
  // `GET /abc HTTP/1.1`, `host: example.org`, and the blank line: 19 + 19 + 2 bytes.
  test.each<[RequestLimitsSpec, ExchangeOptions, string | undefined]>([
    [{ urlLength: 4 }, { target: '/abc' }, undefined],
    [{ urlLength: 4 }, { target: '/abcd' }, 'uri-too-long'],
    [{ urlLength: 4 }, { target: '/ab?' }, undefined],
    [{ urlLength: 4 }, { target: '/ab?c' }, 'uri-too-long'],
    [{ headerCount: 2 }, { headers: { a: '1' } }, undefined],
    [{ headerCount: 2 }, { headers: { a: ['1', '2'] } }, 'headers-too-large'],
    [{ headerSize: '40' }, { target: '/abc' }, undefined],
    [{ headerSize: '39' }, { target: '/abc' }, 'headers-too-large'],
    [{ queryParams: 2 }, { target: '/?a=1&b=2' }, undefined],
    [{ queryParams: 2 }, { target: '/?a=1&b=2&&' }, undefined],
    [{ queryParams: 2 }, { target: '/?a&a&a' }, 'request-invalid'],
    [{ queryParams: 0 }, { target: '/?' }, undefined],
    [{ queryParams: 0 }, { target: '/' }, undefined],
    [{ queryParams: 0 }, { target: '/?a' }, 'request-invalid'],
    [{ queryParams: 0 }, { target: '/?&&=' }, 'request-invalid'],
  ])('%j, %j: %s', async (spec, options, code) => {
    expect((await ask(spec, options)).denied).toBe(code);
  });
});

describe('methods', () => {
  test.each([
    ['GET', true],
    ['HEAD', true],
    ['POST', true],
    ['PUT', false],
    ['get', false],
    ['GETX', false],
    ['OPTIONS', false],
    ['constructor', false],
  ])('%s passes: %s', async (method, passes) => {
    const seen = await ask({ methods: ['GET', 'POST'] }, { method });
    expect([seen.status, seen.responseHeaders]).toEqual(passes ? [200, []] : [405, ['Allow: GET, POST, HEAD']]);
  });
});

describe('content types', () => {
  test.each<[string | readonly string[] | null, boolean]>([
    ['application/json', true],
    ['Application/JSON', true],
    ['application/json; charset=utf-8', true],
    ['application/json;charset=utf-8', true],
    [' application/json ', true],
    ['image/png', true],
    ['image/svg+xml', true],
    ['image/', false],
    ['image', false],
    ['imagex/png', false],
    ['application/jsonx', false],
    ['text/plain', false],
    ['text/plain; application/json', false],
    ['application/json, text/plain', false],
    [['application/json', 'text/plain'], false],
    [['application/json; a=b', 'text/plain'], false],
    ['*/*', false],
    ['image/*', false],
    ['', false],
    [null, false],
  ])('%j passes: %s', async (type, passes) => {
    const options = { method: 'POST', body: '{}', ...(type !== null && { headers: { 'content-type': type } }) };
    const seen = await ask({ contentTypes: ['application/json', 'image/*'] }, options);
    expect([seen.status, seen.responseHeaders]).toEqual(
      passes ? [200, []] : [415, ['Accept: application/json, image/*']],
    );
  });

  test('are not asked of a request without a body, and are of one in chunks', async () => {
    const spec = { contentTypes: ['application/json'] };
    expect((await ask(spec, { headers: { 'content-type': 'text/plain' } })).denied).toBeUndefined();
    expect((await ask(spec, { method: 'POST', chunked: true })).denied).toBe('media-type-denied');
  });
});

describe('bodies', () => {
  test('that say their length are judged at once, others are left to the proxy', async () => {
    expect((await ask({ bodySize: '4' }, { body: 'abcd' })).denied).toBeUndefined();
    expect(await ask({ bodySize: '4' }, { body: 'abcde' })).toMatchObject({ denied: 'body-too-large', status: 413 });
    expect(await ask({ bodySize: '4' }, { body: 'abcde', chunked: true })).toMatchObject({ status: 200, bodyLimit: 4 });
    expect(await ask({ bodySize: '0' }, {})).toMatchObject({ status: 200, bodyLimit: 0 });
  });
});

test('what is not said is not limited', async () => {
  const options = { method: 'BREW', target: `/${'a'.repeat(9_000)}?${'a&'.repeat(500)}`, body: 'x'.repeat(10_000) };
  expect((await ask({ headerCount: 100 }, options)).denied).toBeUndefined();
});

function config(spec: RequestLimitsSpec): RequestLimitsConfig {
  const result = translateRequestLimits(spec, 'limits');
  if (isProblems(result)) throw new Error(JSON.stringify(result));
  return result;
}

function ask(spec: RequestLimitsSpec, options: ExchangeOptions) {
  return run(createRequestLimits(config(spec)), options);
}
