import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { type ExchangeOptions, run, type Seen } from '../../testkit/exchange.ts';
import { testPolicyContext } from '../../testkit/policy-context.ts';
import { isProblems } from '../translated.ts';
import { createValidation } from './filter.ts';
import type { ValidationSpec } from './schema.ts';
import { translateValidation } from './translate.ts';

const context = testPolicyContext({
  configMaps: { 'schemas/order': '{"required":["a"]}', 'schemas/large': `"${'a'.repeat(300_000)}"` },
});
const inline = (text: string): ValidationSpec['schema'] => ({ type: 'Inline', inline: text });
const order = inline('{"type":"object","required":["a"],"properties":{"a":{"type":"integer"}}}');
const json = { 'content-type': 'application/json' };

describe('requests', () => {
  test.each<[string, ExchangeOptions]>([
    ['that match', { method: 'POST', headers: json, body: '{"a":1}' }],
    [
      'of another JSON type',
      { method: 'PUT', headers: { 'Content-Type': 'application/a+json; v=1' }, body: '{"a":1}' },
    ],
    [
      'that are encoded',
      { method: 'PATCH', headers: { ...json, 'content-encoding': 'gzip' }, body: gzipSync('{"a":1}') },
    ],
    ['of other methods', { method: 'GET', headers: json, body: '{' }],
  ])('%s are forwarded as they came', async (_, options) => {
    const seen = await validate({ schema: order }, options);
    expect(seen.local).toBeUndefined();
    expect(seen.requestBody).toEqual(Buffer.from(options.body!));
  });

  test.each<[string, ExchangeOptions, string, number]>([
    ['that do not match', { headers: json, body: '{"a":"1"}' }, 'request-invalid', 400],
    ['without a body', { headers: json }, 'request-invalid', 400],
    ['that are no JSON', { headers: json, body: '{"a":1' }, 'request-invalid', 400],
    ['with a name twice', { headers: json, body: '{"a":1,"a":"x"}' }, 'request-invalid', 400],
    [
      'that are too deep',
      { headers: json, body: `{"a":1,"b":${'['.repeat(70)}${']'.repeat(70)}}` },
      'request-invalid',
      400,
    ],
    ['of another type', { headers: { 'content-type': 'text/plain' }, body: '{"a":1}' }, 'media-type-denied', 415],
    ['without a type', { body: '{"a":1}' }, 'media-type-denied', 415],
    [
      'of an unknown coding',
      { headers: { ...json, 'content-encoding': 'zip' }, body: '{"a":1}' },
      'media-type-denied',
      415,
    ],
    ['that are too large', { headers: json, body: `{"a":1,"b":"${'x'.repeat(1_000)}"}` }, 'body-too-large', 413],
    [
      'that become too large',
      { headers: { ...json, 'content-encoding': 'gzip' }, body: gzipSync('x'.repeat(10_000)) },
      'body-too-large',
      413,
    ],
  ])('%s are refused', async (_, options, denied, status) => {
    const seen = await validate({ schema: order, maxSize: '1k' }, { method: 'POST', ...options });
    expect(seen).toMatchObject({ denied, status });
  });

  test('are told what is wrong, without what they sent', async () => {
    const seen = await validate({ schema: order }, { method: 'POST', headers: json, body: '{"a":"secret"}' });
    expect(seen.fieldErrors).toEqual([{ path: '/a', message: 'must be integer' }]);
  });

  test('that cannot be checked are refused', async () => {
    const seen = await validate({ schema: inline('{"$ref":"#"}') }, { method: 'POST', headers: json, body: '{}' });
    expect(seen).toMatchObject({
      denied: 'request-invalid',
      fieldErrors: [{ path: '', message: expect.stringContaining('too deep') }],
    });
  });

  test('may be empty where that is allowed', async () => {
    const spec: Partial<ValidationSpec> = { schema: order, allowEmpty: true };
    expect((await validate(spec, { method: 'POST', headers: json })).local).toBeUndefined();
    expect((await validate(spec, { method: 'POST' })).local).toBeUndefined();
    expect((await validate(spec, { method: 'POST', headers: { 'transfer-encoding': 'chunked' } })).status).toBe(415);
  });

  test('with a schema of a ConfigMap', async () => {
    const schema = { type: 'ValueRef', valueRef: { name: 'schemas', key: 'order' } } as const;
    expect((await validate({ schema }, { method: 'POST', headers: json, body: '{}' })).status).toBe(400);
  });
});

describe('translate refuses', () => {
  test.each<[string, Partial<ValidationSpec>, string, string]>([
    ['no schema', { schema: { type: 'Inline' } }, 'schema.inline', 'is missing'],
    ['two', { schema: { ...order, valueRef: { name: 'schemas', key: 'order' } } }, 'schema.valueRef', 'is not read'],
    ['text that is no JSON', { schema: inline('{a: 1}') }, 'schema.inline', 'character 1'],
    [
      'a mistake in the schema',
      { schema: inline('{"properties":{"a":{"typ":1}}}') },
      'schema.inline',
      '"/properties/a/typ"',
    ],
    [
      'a ConfigMap that is not there',
      { schema: { type: 'ValueRef', valueRef: { name: 'schemas', key: 'x' } } },
      'schema.valueRef',
      'not found',
    ],
    [
      'a schema that is too large',
      { schema: { type: 'ValueRef', valueRef: { name: 'schemas', key: 'large' } } },
      'schema.valueRef',
      'at most',
    ],
    ['a size', { schema: order, maxSize: '17Mi' }, 'maxSize', '16Mi'],
  ])('%s', (_, spec, path, message) => {
    expect(translateValidation({ allowEmpty: false, schema: order, ...spec }, 'v', context)).toEqual([
      expect.objectContaining({ path: `v.${path}`, message: expect.stringContaining(message) }),
    ]);
  });
});

function validate(spec: Partial<ValidationSpec>, options: ExchangeOptions): Promise<Seen> {
  const result = translateValidation({ allowEmpty: false, schema: order, ...spec }, 'spec', context);
  if (isProblems(result)) throw new Error(JSON.stringify(result));
  return run(createValidation(JSON.parse(JSON.stringify(result))), options);
}
