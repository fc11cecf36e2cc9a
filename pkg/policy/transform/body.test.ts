import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { createExchange, type ExchangeOptions, run, type Seen } from '../../testkit/exchange.ts';
import { testFilterEnv } from '../../testkit/filter-env.ts';
import { testPolicyContext } from '../../testkit/policy-context.ts';
import type { Identity } from '../identity.ts';
import { isProblems } from '../translated.ts';
import { createTransform } from './filter.ts';
import type { BodySpec, TransformSpec } from './spec.ts';
import { translateTransform } from './translate.ts';

const identity: Identity = {
  method: 'JWT',
  provider: 'corp',
  subject: 'u1',
  tenant: 't1',
  scopes: ['a', 'b'],
  roles: [],
  claims: { org: { id: 7 }, evil: JSON.parse('{"__proto__": {"polluted": 1}}') as unknown },
};
const json = { 'content-type': 'application/json; charset=utf-8' };
const set = (path: string, expression: string): BodySpec => ({ set: [{ path, expression }] });

describe('changes', () => {
  test.each<[string, BodySpec, string, string]>([
    // The examples of RFC 7396, appendix A, whose patch is an object.
    ['merge patch', { mergePatch: '{"a":"c"}' }, '{"a":"b"}', '{"a":"c"}'],
    ['merge patch', { mergePatch: '{"b":"c"}' }, '{"a":"b"}', '{"a":"b","b":"c"}'],
    ['merge patch', { mergePatch: '{"a":null}' }, '{"a":"b","b":"c"}', '{"b":"c"}'],
    ['merge patch', { mergePatch: '{"a":"c"}' }, '{"a":["b"]}', '{"a":"c"}'],
    ['merge patch', { mergePatch: '{"a":["b"]}' }, '{"a":"c"}', '{"a":["b"]}'],
    ['merge patch', { mergePatch: '{"a":{"b":"d","c":null}}' }, '{"a":{"b":"c"}}', '{"a":{"b":"d"}}'],
    ['merge patch', { mergePatch: '{"a":1}' }, '{"e":null}', '{"e":null,"a":1}'],
    ['merge patch', { mergePatch: '{"a":"b","c":null}' }, '[1,2]', '{"a":"b"}'],
    ['merge patch', { mergePatch: '{"a":{"bb":{"ccc":null}}}' }, '{}', '{"a":{"bb":{}}}'],
    [
      'remove',
      { remove: ['/a/1', '/b', '/c/d', '/x/y', '/a/01'] },
      '{"a":[1,2,3],"b":1,"c":{"d":1}}',
      '{"a":[1,3],"c":{}}',
    ],
    ['remove with escapes', { remove: ['/a~1b', '/m~0n', '/'] }, '{"a/b":1,"m~n":2,"":3,"d":4}', '{"d":4}'],
    ['set', set('/user/id', 'identity.subject'), '{"user":{"name":"a"}}', '{"user":{"name":"a","id":"u1"}}'],
    ['set makes objects', set('/a/b/c', '[1, {"d": true}]'), '{}', '{"a":{"b":{"c":[1,{"d":true}]}}}'],
    ['set replaces what is in the way', set('/a/b', '1'), '{"a":"text"}', '{"a":{"b":1}}'],
    ['set in a list', set('/0/a', 'size(body)'), '[{},{}]', '[{"a":2},{}]'],
    ['set sees the body as it came', { remove: ['/a'], ...set('/b', 'body.a') }, '{"a":1}', '{"b":1}'],
    ['without a value it is gone', set('/tenant', 'identity.claims.absent'), '{"tenant":"spoofed","a":1}', '{"a":1}'],
    ['the body in itself', set('/copy', 'body'), '{"a":{}}', '{"a":{},"copy":{"a":{}}}'],
    [
      'large numbers stay',
      set('/a', '1'),
      '{"id":12345678901234567890,"f":0.12345678901234567890}',
      '{"id":12345678901234567890,"f":0.12345678901234567890,"a":1}',
    ],
    ['in the place of a large number', set('/id/a', '1'), '{"id":12345678901234567890}', '{"id":{"a":1}}'],
    ['names of the prototype', set('/__proto__/polluted', '1'), '{}', '{"__proto__":{"polluted":1}}'],
    [
      'names of the prototype in a patch',
      { mergePatch: '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}' },
      '{}',
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    ],
    [
      'names of the prototype in claims',
      {
        set: [
          { path: '/a', expression: 'identity.claims.evil' },
          { path: '/a/__proto__/polluted', expression: '2' },
        ],
      },
      '{}',
      '{"a":{"__proto__":{"polluted":2}}}',
    ],
    [
      'names of the prototype in what is set',
      {
        mergePatch: '{"a":[{}]}',
        set: [
          { path: '/a/0/__proto__/polluted', expression: '3' },
          { path: '/b', expression: '{"c": {}}' },
          { path: '/b/c/__proto__/polluted', expression: '4' },
        ],
      },
      '{}',
      '{"a":[{"__proto__":{"polluted":3}}],"b":{"c":{"__proto__":{"polluted":4}}}}',
    ],
  ])('%s: %j', async (_, body, came, went) => {
    const twice = [
      await request(body, { body: came, headers: json }),
      await request(body, { body: came, headers: json }),
    ];
    expect(twice.map((seen) => seen.requestBody.toString())).toEqual([went, went]);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(await responseBody(await answer(body, { responseBody: came, responseHeaders: json }))).toBe(went);
  });

  test('what is set is a copy of the identity', async () => {
    const body = {
      set: [
        { path: '/org', expression: 'identity.claims.org' },
        { path: '/org/id', expression: '8' },
      ],
    };
    expect((await request(body, { body: '{}', headers: json })).requestBody.toString()).toBe('{"org":{"id":8}}');
    expect(identity.claims['org']).toEqual({ id: 7 });
  });
});

describe('requests', () => {
  const body = set('/a', '1');

  test.each<[string, ExchangeOptions, string]>([
    ['of another type', { body: 'a=1', headers: { 'content-type': 'text/plain' } }, 'a=1'],
    ['without a type', { body: '{}' }, '{}'],
    ['without a body', { headers: json }, ''],
  ])('%s pass untouched', async (_, options, expected) => {
    const seen = await request(body, options);
    expect(seen).toMatchObject({ local: undefined });
    expect(seen.requestBody.toString()).toBe(expected);
  });

  test('with a suffix of JSON are read', async () => {
    const seen = await request(body, { body: '{}', headers: { 'Content-Type': 'application/vnd.a+JSON' } });
    expect(seen.requestBody.toString()).toBe('{"a":1}');
  });

  test('that are encoded are decoded', async () => {
    const headers = { ...json, 'content-encoding': 'br', digest: 'sha-256=x' };
    const seen = await request(body, { body: brotliCompressSync('{}'), headers });
    expect(seen.requestBody.toString()).toBe('{"a":1}');
    expect(seen.requestHeaders).toEqual([`content-type: ${json['content-type']}`]);
  });

  test.each<[string, ExchangeOptions, string]>([
    ['too long', { body: `"${'a'.repeat(2_000)}"` }, 'body-too-large'],
    [
      'too long when decoded',
      { body: gzipSync(`"${'a'.repeat(2_000)}"`), headers: { ...json, 'content-encoding': 'gzip' } },
      'body-too-large',
    ],
    [
      'of an unknown coding',
      { body: '{}', headers: { ...json, 'content-encoding': 'aes128gcm' } },
      'media-type-denied',
    ],
    ['of no such coding', { body: '{}', headers: { ...json, 'content-encoding': 'gzip' } }, 'request-invalid'],
    [
      'of two types',
      { body: '{}', headers: { 'content-type': ['application/json', 'text/plain'] } },
      'media-type-denied',
    ],
    ['no JSON', { body: '{' }, 'request-invalid'],
    ['ambiguous', { body: '{"a":1,"a":2}' }, 'request-invalid'],
    ['a list without the element', { body: '[]' }, 'request-invalid'],
  ])('that are %s are refused', async (_, options, denied) => {
    const seen = await request({ ...set('/0/a', '1'), maxSize: '1k' }, { headers: json, ...options });
    expect(seen.denied).toBe(denied);
  });
});

describe('responses', () => {
  const body = { ...set('/a', '1'), maxSize: '1k' };

  test('lose what was said of their bytes', async () => {
    const responseHeaders = { ...json, 'content-encoding': 'gzip', etag: '"1"', 'x-a': '1' };
    const seen = await answer(body, { responseBody: gzipSync('{}'), responseHeaders });
    expect(await responseBody(seen)).toBe('{"a":1}');
    expect(seen.responseHeaders).toEqual([`content-type: ${json['content-type']}`, 'x-a: 1']);
  });

  test.each<[string, ExchangeOptions]>([
    ['of another type', { responseBody: '<a>', responseHeaders: { 'content-type': 'text/html' } }],
    ['without a body', { status: 204, responseHeaders: json }],
    ['to HEAD', { method: 'HEAD', responseHeaders: json }],
    ['that are empty', { responseHeaders: json }],
  ])('%s pass', async (_, options) => {
    const seen = await answer(body, options);
    expect(seen.status).toBe(options.status ?? 200);
    expect(await responseBody(seen)).toBe(options.responseBody ?? '');
  });

  test.each<[string, ExchangeOptions]>([
    ['a length that is too large', { responseHeaders: { ...json, 'content-length': '1025' } }],
    ['an unknown coding', { responseHeaders: { ...json, 'content-encoding': 'zip' } }],
    ['a part', { status: 206, responseHeaders: json }],
    ['parts', { status: 206, responseHeaders: { 'content-type': 'multipart/byteranges; boundary=a' } }],
  ])('with %s are replaced', async (_, options) => {
    expect(await answer(body, { responseBody: '{}', ...options })).toMatchObject({ status: 500 });
  });

  test.each<[string, string | Uint8Array, Readonly<Record<string, string>>]>([
    ['no JSON', '{', {}],
    ['two types', '{', { 'content-type': 'text/plain, application/json' }],
    ['too long', `"${'a'.repeat(3_000)}"`, {}],
    ['a bomb', gzipSync(Buffer.alloc(1_000_000)), { 'content-encoding': 'gzip' }],
    ['no such coding', '{}', { 'content-encoding': 'br' }],
    ['a list without the element', '[]', {}],
  ])('with %s break off', async (_, text, headers) => {
    const seen = await answer(body, { responseBody: text, responseHeaders: { ...json, ...headers } });
    await expect(seen.responseBody()).rejects.toThrow('the transform failed');
  });

  test('answers of the gateway are left alone', async () => {
    const { exchange, seen } = createExchange();
    exchange.respond({ status: 200, headers: json, body: '{}' });
    await filter({ response: { body } }).onResponse?.(exchange);
    expect(await responseBody(seen())).toBe('{}');
  });
});

function filter(spec: TransformSpec) {
  const result = translateTransform(spec, 'spec', testPolicyContext());
  if (isProblems(result)) throw new Error(JSON.stringify(result));
  return createTransform(JSON.parse(JSON.stringify(result)), testFilterEnv());
}

function request(body: BodySpec, options: ExchangeOptions): Promise<Seen> {
  return run(filter({ request: { body } }), { identity, method: 'POST', ...options });
}

function answer(body: BodySpec, options: ExchangeOptions): Promise<Seen> {
  return run(filter({ response: { body } }), { identity, ...options });
}

async function responseBody(seen: Seen): Promise<string> {
  return (await seen.responseBody()).toString();
}
