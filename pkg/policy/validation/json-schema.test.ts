import { describe, expect, test } from '@jest/globals';
import { parseJson } from '../json.ts';
import type { FieldError } from '../runtime.ts';
import { compileSchema } from './json-schema.ts';
import { Run, TooComplex } from './run.ts';
import { SchemaMistake } from './schema-mistake.ts';

describe('keywords', () => {
  // Schema, what passes, what fails.
  test.each<[string, readonly string[], readonly string[]]>([
    ['true', ['1', 'null', '{}'], []],
    ['false', [], ['1', 'null', '{}']],
    ['{}', ['1', 'null'], []],
    ['{"type":"integer"}', ['1', '1.0', '-0'], ['1.5', '"1"', 'null', '[]', 'true']],
    ['{"type":["string","null"]}', ['""', 'null'], ['1', '{}']],
    ['{"type":"object"}', ['{}'], ['[]', 'null']],
    ['{"type":"array"}', ['[]'], ['{}', 'null']],
    ['{"enum":[1,"a",{"b":[1]},null]}', ['1.0', '"a"', '{"b":[1]}', 'null'], ['2', '{"b":[2]}', '"1"', 'false']],
    ['{"const":{"a":1,"b":2}}', ['{"b":2,"a":1}'], ['{"a":1}', '[]']],
    ['{"minLength":2,"maxLength":3}', ['"ab"', '"😀😀😀"', '1'], ['"a"', '"😀"', '"abcd"']],
    ['{"pattern":"^a+$"}', ['"aa"', '1'], ['"ab"', '""']],
    ['{"pattern":"a"}', ['"bab"'], ['"b"']],
    ['{"minimum":1,"exclusiveMaximum":2}', ['1', '1.9', '"a"'], ['0.9', '2']],
    ['{"exclusiveMinimum":1,"maximum":2}', ['2', '1.1'], ['1', '2.1']],
    ['{"multipleOf":0.1}', ['0.3', '1', '0'], ['0.35']],
    ['{"multipleOf":3}', ['9', '-3', '0'], ['10']],
    ['{"minItems":1,"maxItems":2}', ['[1]', '[1,2]', '{}'], ['[]', '[1,2,3]']],
    ['{"uniqueItems":true}', ['[1,2,"1",[1],{"a":1}]'], ['[1,1.0]', '[{"a":1,"b":2},{"b":2,"a":1}]']],
    ['{"uniqueItems":false}', ['[1,1]'], []],
    ['{"minProperties":1,"maxProperties":2}', ['{"a":1}', '[]'], ['{}', '{"a":1,"b":2,"c":3}']],
    ['{"required":["a","toString"]}', ['{"a":1,"toString":2}', '1'], ['{"a":1}', '{}']],
    ['{"properties":{"a":{"type":"string"}}}', ['{"a":"b","c":1}', '{}', '1'], ['{"a":1}']],
    [
      '{"properties":{"a":true},"additionalProperties":false}',
      ['{"a":1}'],
      ['{"b":1}', '{"__proto__":1}', '{"constructor":1}'],
    ],
    ['{"additionalProperties":{"type":"integer"}}', ['{"b":1}'], ['{"b":"1"}']],
    [
      '{"patternProperties":{"^x-":{"type":"string"}},"additionalProperties":false}',
      ['{"x-a":"1"}'],
      ['{"x-a":1}', '{"y":"1"}'],
    ],
    [
      '{"properties":{"x-a":{"minLength":2}},"patternProperties":{"^x-":{"type":"string"}}}',
      ['{"x-a":"12"}'],
      ['{"x-a":"1"}', '{"x-a":1}'],
    ],
    ['{"properties":{"__proto__":{"type":"string"}}}', ['{"__proto__":"a"}'], ['{"__proto__":1}']],
    ['{"propertyNames":{"pattern":"^[a-z]+$"}}', ['{"a":1}'], ['{"A":1}']],
    ['{"dependentRequired":{"a":["b"]}}', ['{"a":1,"b":1}', '{"c":1}'], ['{"a":1}']],
    ['{"items":{"type":"integer"}}', ['[1,2]', '[]', '{}'], ['[1,"a"]']],
    ['{"prefixItems":[{"type":"integer"},true],"items":false}', ['[1,"a"]', '[1]', '[]'], ['["a"]', '[1,2,3]']],
    ['{"prefixItems":[{"type":"integer"}]}', ['[1,"a"]'], ['["a"]']],
    ['{"contains":{"type":"integer"}}', ['["a",1]'], ['["a"]', '[]']],
    ['{"contains":{"type":"integer"},"minContains":2,"maxContains":2}', ['[1,2]'], ['[1]', '[1,2,3]']],
    ['{"allOf":[{"minimum":1},{"maximum":2}]}', ['1'], ['0', '3']],
    ['{"anyOf":[{"type":"string"},{"minimum":1}]}', ['"a"', '1'], ['0']],
    ['{"oneOf":[{"minimum":1},{"maximum":1}]}', ['0', '2'], ['1']],
    ['{"not":{"type":"string"}}', ['1'], ['"a"']],
    [
      '{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}',
      ['{"a":1,"b":1}', '{"c":1}'],
      ['{"a":1}', '{}'],
    ],
    ['{"if":{"required":["a"]},"then":false}', ['{}'], ['{"a":1}']],
    ['{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}', ['"a"'], ['1']],
    [
      '{"properties":{"a":{"$ref":"#/definitions/x~1y%25"}},"definitions":{"x/y%":{"type":"string"}}}',
      ['{"a":"a"}'],
      ['{"a":1}'],
    ],
    [
      '{"type":"object","properties":{"next":{"$ref":"#"}},"additionalProperties":false}',
      ['{"next":{"next":{}}}'],
      ['{"next":{"next":{"a":1}}}'],
    ],
    ['{"$ref":"#/$defs/a","minimum":5,"$defs":{"a":{"maximum":9}}}', ['6'], ['4', '10']],
    [
      '{"format":"date"}',
      ['"2024-02-29"', '1'],
      ['"2023-02-29"', '"2024-13-01"', '"2024-00-10"', '"2024-1-1"', '"1900-02-29"'],
    ],
    ['{"format":"time"}', ['"10:00:00Z"', '"23:59:60+02:00"'], ['"10:00:00"', '"24:00:00Z"']],
    [
      '{"format":"date-time"}',
      ['"2024-02-29T10:00:00.5Z"', '"2024-02-29t10:00:00z"'],
      ['"2024-02-29"', '"2024-02-30T10:00:00Z"'],
    ],
    ['{"format":"email"}', ['"a.b+c@example.com"'], ['"a@"', '"@b"', '"a b@c"', '"a\\n@c.d"', '"a@-b"']],
    ['{"format":"hostname"}', ['"a.example"'], ['"-a"', '"a..b"', '"a_b"', '""']],
    ['{"format":"ipv4"}', ['"192.0.2.1"'], ['"192.0.2.256"', '"010.0.0.1"', '"::1"']],
    ['{"format":"ipv6"}', ['"2001:db8::1"'], ['"192.0.2.1"', '"fe80::1%eth0"']],
    ['{"format":"uri"}', ['"https://a.example/b?c#d"', '"urn:a:b"'], ['"/a"', '"https://a b"', '"a"']],
    ['{"format":"uuid"}', ['"123e4567-e89b-12d3-a456-426614174000"'], ['"123e4567"']],
    ['{"format":"int32","title":"a","default":1,"examples":[1],"$comment":"c"}', ['"a"'], []],
  ])('%s', (schema, passing, failing) => {
    for (const body of passing) expect([body, errors(schema, body)]).toEqual([body, []]);
    for (const body of failing) expect([body, errors(schema, body).length > 0]).toEqual([body, true]);
  });
});

describe('errors', () => {
  test('say where, and what the schema asks for', () => {
    const schema =
      '{"required":["a/b"],"properties":{"list":{"items":{"properties":{"c":{"type":"string","minLength":2}}}}}}';
    expect(errors(schema, '{"list":[{"c":"ok"},{"c":"x"},{"c":1}]}')).toEqual([
      { path: '/a~1b', message: 'is required' },
      { path: '/list/1/c', message: 'must have at least 2 characters' },
      { path: '/list/2/c', message: 'must be string' },
    ]);
  });

  test('are ten at most', () => {
    expect(errors('{"items":{"type":"string"}}', JSON.stringify(Array(1_000).fill(1)))).toHaveLength(10);
    expect(errors(JSON.stringify({ required: Array.from({ length: 50 }, (_, i) => `a${i}`) }), '{}')).toHaveLength(10);
  });

  test('of forms that are tried are one', () => {
    const schema = '{"anyOf":[{"required":["a"]},{"required":["b"]}]}';
    expect(errors(schema, '{}')).toEqual([{ path: '', message: 'must match one of the allowed forms' }]);
  });
});

describe('schemas that are refused', () => {
  test.each([
    ['1', '', 'a schema must be an object'],
    ['{"unevaluatedProperties":false}', '/unevaluatedProperties', 'is not supported'],
    ['{"requird":["a"]}', '/requird', 'is not supported'],
    ['{"properties":{"a":{"typ":"string"}}}', '/properties/a/typ', 'is not supported'],
    ['{"type":"text"}', '/type', '"text" is no type'],
    ['{"required":"a"}', '/required', 'must be a list of names'],
    ['{"minLength":-1}', '/minLength', 'must be an integer'],
    ['{"minimum":"1"}', '/minimum', 'must be a number'],
    ['{"exclusiveMinimum":true}', '/exclusiveMinimum', 'must be a number'],
    ['{"multipleOf":0}', '/multipleOf', 'more than 0'],
    ['{"pattern":"(?=a)"}', '/pattern', 'no RE2 regular expression'],
    ['{"pattern":"((a{100}){100}){100}"}', '/pattern', 'a{100}'],
    ['{"patternProperties":{"(":true}}', '/patternProperties/(', 'no RE2 regular expression'],
    ['{"format":"regex"}', '/format', 'is not checked here'],
    ['{"format":"constructor"}', '/format', 'is not checked here'],
    ['{"items":[{}]}', '/items', 'a schema must be an object'],
    ['{"anyOf":[]}', '/anyOf', 'must be a list of schemas'],
    ['{"$ref":"https://evil.test/schema"}', '/$ref', 'into this schema'],
    ['{"$ref":"other.json"}', '/$ref', 'into this schema'],
    ['{"$ref":"#anchor"}', '/$ref', 'into this schema'],
    ['{"$ref":"#/$defs/a"}', '/$defs/a', 'no such schema'],
    ['{"$ref":"#/constructor"}', '/constructor', 'no such schema'],
    [JSON.stringify({ allOf: Array.from({ length: 2_001 }, () => ({})) }), '/allOf/1999', 'more than 2000 schemas'],
  ])('%.60s', (schema, at, message) => {
    const mistake = expect.objectContaining({ at, message: expect.stringContaining(message) });
    expect(() => compileSchema(parseJson(schema))).toThrow(SchemaMistake);
    expect(() => compileSchema(parseJson(schema))).toThrow(mistake);
  });
});

describe('ends', () => {
  const list = { anyOf: [{ items: { $ref: '#' } }, { items: { $ref: '#' } }], not: { const: 1 } };

  test.each<[string, unknown, string]>([
    ['a reference to itself', { $ref: '#' }, '1'],
    [
      'two that refer to each other',
      { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } },
      '1',
    ],
    ['forms that double at each level', list, `${'['.repeat(60)}1${']'.repeat(60)}`],
    ['a pattern', { items: { pattern: '^(?:a|aa|aaa|aaaa)*$' } }, JSON.stringify(Array(200).fill('a'.repeat(5_000)))],
    [
      'items that are compared',
      { items: { uniqueItems: true } },
      JSON.stringify(Array(300).fill(Array.from({ length: 1_000 }, (_, i) => i))),
    ],
  ])('%s', (_, schema, body) => {
    const check = compileSchema(parseJson(JSON.stringify(schema)));
    expect(() => check(parseJson(body), null, new Run())).toThrow(TooComplex);
  });

  test('but not a body of 10,000 members', () => {
    const body = JSON.stringify(Array.from({ length: 10_000 }, (_, i) => ({ id: i, name: `n${i}` })));
    const schema =
      '{"items":{"required":["id"],"properties":{"id":{"type":"integer"},"name":{"type":"string","maxLength":10}}}}';
    expect(errors(schema, body)).toEqual([]);
  });
});

function errors(schema: string, body: string): readonly FieldError[] {
  const run = new Run();
  const passes = compileSchema(parseJson(schema))(parseJson(body), null, run);
  expect(passes).toBe(run.errors.length === 0);
  return run.errors;
}
