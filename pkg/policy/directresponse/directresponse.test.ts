import { describe, expect, test } from '@jest/globals';
import type { DirectResponseFilter } from '../../api/gatewayroute.ts';
import { run } from '../../testkit/exchange.ts';
import { isProblems } from '../translated.ts';
import { createDirectResponse } from './filter.ts';
import { type ResolveBody, translateDirectResponse } from './translate.ts';

const noBody: ResolveBody = (_, path) => ({ path, reason: 'UnsupportedValue', message: 'ConfigMap shop/a not found' });

describe('answers', () => {
  test.each<[DirectResponseFilter, readonly string[], string]>([
    [{ statusCode: 200, body: 'ok' }, ['content-type: text/plain; charset=utf-8'], 'ok'],
    [{ statusCode: 503, contentType: 'application/json', body: '{}' }, ['content-type: application/json'], '{}'],
    [{ statusCode: 200, body: 'ä' }, ['content-type: text/plain; charset=utf-8'], 'ä'],
    [{ statusCode: 204 }, [], ''],
    [{ statusCode: 404 }, [], ''],
  ])('%j', async (spec, headers, body) => {
    const seen = await run(createDirectResponse(config(spec)));
    expect(seen).toMatchObject({ status: spec.statusCode, responseHeaders: headers });
    expect(Buffer.from(seen.local?.body ?? 'none').toString()).toBe(body);
  });

  test('a body from a ConfigMap', () => {
    const spec: DirectResponseFilter = { statusCode: 200, bodyRef: { kind: 'ConfigMap', name: 'a', key: 'k' } };
    expect(config(spec, ({ name, key }) => ({ value: `${name}/${key}` }))).toMatchObject({ body: 'a/k' });
  });
});

describe('refusals', () => {
  test.each<[string, DirectResponseFilter, string]>([
    ['a body that is too large', { statusCode: 200, body: 'ä'.repeat(2_049) }, 'd.body'],
    ['a body where none may be', { statusCode: 204, body: 'x' }, 'd.body'],
    ['two bodies', { statusCode: 200, body: 'x', bodyRef: { kind: 'ConfigMap', name: 'a', key: 'k' } }, 'd'],
    ['a body that is not there', { statusCode: 200, bodyRef: { kind: 'ConfigMap', name: 'a', key: 'k' } }, 'd.bodyRef'],
    ['a line break in the type', { statusCode: 200, contentType: 'text/plain\r\nx: y' }, 'd.contentType'],
  ])('%s', (_, spec, path) => {
    expect(translateDirectResponse(spec, 'd', noBody)).toEqual([
      expect.objectContaining({ path, reason: 'UnsupportedValue' }),
    ]);
  });
});

function config(spec: DirectResponseFilter, resolve = noBody) {
  const result = translateDirectResponse(spec, 'spec', resolve);
  if (isProblems(result)) throw new Error(JSON.stringify(result));
  return result;
}
