/** YAML documents become JSON with places; what the API server would refuse is a mistake with its line. */
import { describe, expect, test } from '@jest/globals';
import { parseYaml } from './yaml.ts';

function parseOne(text: string) {
  const [parsed] = parseYaml(text);
  if (parsed === undefined) throw new Error('no document');
  return parsed;
}

describe('a document is read as the API server reads it', () => {
  test.each<[string, string, unknown]>([
    ['booleans of YAML 1.1', 'mode: Off\nother: "Off"\n', { mode: false, other: 'Off' }],
    ['keys that are no strings', 'y: 1\n8080: a\n0x10: b\n', { true: 1, 8080: 'a', 16: 'b' }],
    ['block scalars', 'a: |\n  yes\nb: >-\n  no\n', { a: 'yes\n', b: 'no' }],
    ['an alias', 'a: &x {b: [1]}\nc: *x\n', { a: { b: [1] }, c: { b: [1] } }],
    [
      'a merge, where explicit keys win',
      'a: &x {b: 1, c: 1}\nd:\n  c: 2\n  <<: *x\n',
      { a: { b: 1, c: 1 }, d: { c: 2, b: 1 } },
    ],
    ['a merge of several, where the first wins', 'd:\n  <<: [{b: 1}, {b: 2, c: 3}]\n', { d: { b: 1, c: 3 } }],
    ['JSON with tabs', '{\n\t"a": [1,\n\t\t"x\\u00e9"]\n}\n', { a: [1, 'xé'] }],
    ['a standard tag', 'a: !!str 12\nb: !!float 3\n', { a: '12', b: 3 }],
    ['carriage returns', 'a: 1\r\nb: |\r\n  x\r\n', { a: 1, b: 'x\n' }],
    ['empty values', 'a:\nb: ~\nc: ""\n', { a: null, b: null, c: '' }],
  ])('%s', (_, text, value) => {
    expect(parseOne(text)).toMatchObject({ value, mistakes: [] });
  });
});

describe('what cannot be read is a mistake', () => {
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x, x]\n${'bcdefghi'
    .split('')
    .map((name, i) => `${name}: &${name} [${`*${'abcdefghi'[i]}, `.repeat(10)}]\n`)
    .join('')}`;
  test.each<[string, string, number, RegExp]>([
    ['a key twice', 'a:\n  b: 1\n  c: 2\n  b: 3\n', 4, /"b" is written twice/],
    ['a key twice in other words', 'yes: 1\non: 2\n', 2, /"true" is written twice/],
    ['an open bracket', 'a:\n  b: [1,\n\n\n', 2, /not valid YAML/],
    ['an open quote', 'a: 1\nb: "x\n', 2, /not valid YAML/],
    ['a tab as indentation', 'a:\n\tb: 1\n', 2, /abs are not allowed/],
    ['a colon in a plain value', 'a: b: c\n', 1, /not valid YAML/],
    ['an alias bomb', bomb, 5, /aliases expand to more than/],
    ['an alias of itself', 'a: &x\n  b: *x\n', 2, /contains itself/],
    ['an unknown alias', 'a: *nope\n', 1, /no anchor/],
    ['a foreign tag', 'a: !ruby/object x\n', 1, /tag !ruby\/object is not supported/],
    ['a wrong tag', 'a: !!int x\n', 1, /is no !!int/],
    ['infinity', 'a:\n- .inf\n', 2, /no number that JSON can hold/],
    ['a prototype', 'a:\n  __proto__: {x: 1}\n', 2, /__proto__/],
    ['a list as a key', '? [a]\n: b\n', 1, /key must be a plain word/],
    ['deep nesting', '['.repeat(150) + ']'.repeat(150), 1, /nested deeper than 100/],
    ['bottomless nesting', '['.repeat(50_000), 1, /nested deeper than 100/],
  ])('%s', (_, text, line, message) => {
    const { mistakes } = parseOne(text);
    expect(mistakes[0]).toMatchObject({ line, message: expect.stringMatching(message) });
    expect(mistakes[0]?.hint).not.toBe('');
    expect(mistakes.length).toBeLessThan(3);
  });

  test('a huge map takes no quadratic time: 100,000 keys are one pass', () => {
    const text = Array.from({ length: 100_000 }, (_, i) => `key${i}: v`).join('\n');
    expect(Object.keys(parseOne(text).value as object)).toHaveLength(100_000);
  });
});

describe('every field has a line', () => {
  const text = [
    'metadata:',
    '  annotations:',
    '    example.com/a.b: x',
    'spec:',
    '  rules:',
    '  - name: one',
    '  - name: two',
    '    matches:',
    '    - path: {value: /x}',
  ].join('\n');

  test.each([
    ['', 1],
    ['metadata', 1],
    ['metadata.annotations["example.com/a.b"]', 3],
    ['metadata.annotations[example.com/a.b]', 3],
    ['metadata.annotations.example.com/a.b', 3],
    ['spec.rules[0].name', 6],
    ['spec.rules[1]', 7],
    ['spec.rules[1].matches[0].path.value', 9],
    ['spec.rules[1].backendRefs[0].port', 7],
    ['spec.rules[9].name', 5],
    ['nothing.like.it', 1],
  ])('%j is on line %i', (path, line) => {
    expect(parseOne(text).lineOf(path)).toBe(line);
  });
});
