import { describe, expect, test } from '@jest/globals';
import { createExchange, type ExchangeOptions, run } from '../../testkit/exchange.ts';
import { testPolicyContext } from '../../testkit/policy-context.ts';
import { isProblems } from '../translated.ts';
import { createResponseOverrides } from './filter.ts';
import type { OverrideSpec } from './schema.ts';
import { translateResponseOverrides } from './translate.ts';

const context = testPolicyContext({ configMaps: { 'pages/a': '<a>', 'pages/large': 'x'.repeat(70_000) } });
const answer = (
  statuses: OverrideSpec['statuses'],
  response: OverrideSpec['response'],
  from: OverrideSpec['from'] = 'Any',
): OverrideSpec => ({ statuses, from, type: 'Response', ...(response && { response }) });
const redirect = (
  statuses: OverrideSpec['statuses'],
  url: string,
  from: OverrideSpec['from'] = 'Any',
  statusCode = 302,
): OverrideSpec => ({ statuses, from, type: 'Redirect', redirect: { url, statusCode } });

describe('an answer of a backend', () => {
  test.each<[readonly OverrideSpec[], number, number, string]>([
    [[answer([404], { body: 'gone' })], 404, 404, 'gone'],
    [[answer(['404'], { body: 'gone' })], 404, 404, 'gone'],
    [[answer([404], { body: 'gone' })], 405, 405, 'original'],
    [[answer(['5xx'], { statusCode: 500, body: 'a' })], 503, 500, 'a'],
    [[answer(['5xx'], { body: 'a' })], 499, 499, 'original'],
    [[answer(['4xx'], { body: 'a' })], 499, 499, 'a'],
    [[answer([404], { body: 'first' }), answer(['4xx'], { body: 'second' })], 404, 404, 'first'],
    [[answer([404], { body: 'first' }), answer(['4xx'], { body: 'second' })], 400, 400, 'second'],
    [[answer([404], { body: 'a' }, 'Gateway'), answer([404], { body: 'b' }, 'Backend')], 404, 404, 'b'],
    [[answer([404], { statusCode: 200, bodyRef: { kind: 'ConfigMap', name: 'pages', key: 'a' } })], 404, 200, '<a>'],
    [[answer([404], {})], 404, 404, ''],
    [[answer(['4xx', '5xx'], { body: 'a' })], 200, 200, 'original'],
  ])('%j with %i: %i %s', async (rules, status, expected, body) => {
    const seen = await run(filter(rules), { status, responseBody: 'original' });
    expect(seen.status).toBe(expected);
    expect((await seen.responseBody()).toString()).toBe(body);
  });

  test('keeps what is true of the new one, and nothing else', async () => {
    const responseHeaders = {
      'content-type': 'text/html',
      'content-encoding': 'gzip',
      etag: '"1"',
      'set-cookie': 'a=1',
      'www-authenticate': ['Basic', 'Bearer'],
      'retry-after': '5',
    };
    const seen = await run(filter([answer([401], { contentType: 'application/json', body: '{}' })]), {
      status: 401,
      responseHeaders,
    });
    expect(seen.responseHeaders).toEqual([
      'WWW-Authenticate: Basic, Bearer',
      'Retry-After: 5',
      'Content-Type: application/json',
    ]);
  });

  test('becomes a redirect', async () => {
    const seen = await run(filter([redirect([404], 'https://a.test/b?c')]), { status: 404 });
    expect(seen).toMatchObject({
      status: 302,
      responseHeaders: ['Location: https://a.test/b?c', 'Cache-Control: no-store'],
    });
  });
});

describe('an answer of the gateway', () => {
  const own = (rules: readonly OverrideSpec[], options: ExchangeOptions = {}) => {
    const { exchange, seen } = createExchange(options);
    exchange.deny('forbidden');
    void filter(rules).onResponse?.(exchange);
    return seen();
  };

  test.each<[OverrideSpec['from'], string]>([
    ['Gateway', 'a'],
    ['Any', 'a'],
    ['Backend', ''],
  ])('from: %s', async (from, body) => {
    const seen = own([answer([403], { body: 'a' }, from)]);
    expect(seen.status).toBe(403);
    expect((await seen.responseBody()).toString()).toBe(body);
  });
});

describe('translate refuses', () => {
  test.each<[string, OverrideSpec, string]>([
    ['a success', answer([200], {}), 'statuses[0]'],
    ['a class that is none', answer([404, '3xx'], {}), 'statuses[1]'],
    ['a refusal that becomes a success', answer([401], { statusCode: 200 }), 'statuses'],
    ['a class that holds one', answer(['4xx'], { statusCode: 299 }), 'statuses'],
    ['a refusal of a backend that becomes a success', answer([403], { statusCode: 200 }, 'Backend'), 'statuses'],
    ['a refusal that becomes a redirect', redirect([403], '/login'), 'statuses'],
    ['a refusal of the gateway that becomes a redirect', redirect([401], '/login', 'Gateway'), 'statuses'],
    ['a status without a body', answer([404], { statusCode: 204 }), 'response.statusCode'],
    ['two bodies', answer([404], { body: 'a', bodyRef: { kind: 'ConfigMap', name: 'pages', key: 'a' } }), 'response'],
    ['a body that is too large', answer([404], { body: 'ä'.repeat(2_049) }), 'response.body'],
    [
      'a ConfigMap that is too large',
      answer([404], { bodyRef: { kind: 'ConfigMap', name: 'pages', key: 'large' } }),
      'response.bodyRef',
    ],
    ['no response', answer([404], undefined), 'response'],
    ['both', { ...redirect([404], '/a'), response: {} }, 'response'],
    ['another host in a path', redirect([404], '//evil.test'), 'redirect.url'],
    ['another host by a backslash', redirect([404], '/\\evil.test'), 'redirect.url'],
    ['a line break', redirect([404], '/a\r\nSet-Cookie: a=b'), 'redirect.url'],
    ['another scheme', redirect([404], 'javascript:alert(1)'), 'redirect.url'],
    ['no redirect', redirect([404], '/a', 'Any', 304), 'redirect.statusCode'],
  ])('%s', (_, rule, path) => {
    expect(translateResponseOverrides({ rules: [rule] }, 'o', context)).toEqual([
      expect.objectContaining({ path: `o.rules[0].${path}`, reason: 'UnsupportedValue' }),
    ]);
  });

  test('a ConfigMap that is not there', () => {
    const rules = [answer([404], { bodyRef: { kind: 'ConfigMap', name: 'pages', key: 'b' } })];
    expect(translateResponseOverrides({ rules }, 'o', context)).toMatchObject([{ reason: 'RefNotFound' }]);
  });

  test('not: a backend that sends its visitors to its login page', () => {
    expect(filter([redirect([401, 403], '/login', 'Backend')])).toBeDefined();
  });
});

function filter(rules: readonly OverrideSpec[]) {
  const result = translateResponseOverrides({ rules }, 'spec', context);
  if (isProblems(result)) throw new Error(JSON.stringify(result));
  return createResponseOverrides(result);
}
