import { describe, expect, test } from '@jest/globals';
import { JsonMistake, parseJson, parseJsonBytes } from './json.ts';

describe('reads what JSON.parse reads', () => {
  test.each([
    '{}',
    '[]',
    ' { "a" : [ 1 , -2.5e3 , true , false , null , "b" ] } ',
    '"\\u00e4\\n\\"\\\\ \\ud83d\\ude00 ä 😀"',
    '0',
    '-0.0',
    '{"":{"a":[{}]}}',
    '"\u007f\u2028"',
    `${'['.repeat(64)}${']'.repeat(64)}`,
  ])('%s', (text) => {
    expect(JSON.stringify(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)));
  });
});

describe('refuses', () => {
  test.each<[string, string, number]>([
    ['', 'ends too early', 0],
    ['{"a":1,"a":2}', 'has a name twice', 7],
    ['{"a":1,"\\u0061":2}', 'has a name twice', 7],
    ['{"a":1,}', 'is no JSON', 7],
    ['[1,]', 'is no JSON', 3],
    ['{"a" 1}', 'is no JSON', 5],
    ['{a:1}', 'is no JSON', 1],
    ['[1', 'ends too early', 2],
    ['01', 'is no JSON', 1],
    ['+1', 'is no JSON', 0],
    ['.5', 'is no JSON', 0],
    ['1.', 'is no JSON', 1],
    ['NaN', 'is no JSON', 0],
    ['truE', 'is no JSON', 0],
    ['1e400', 'too large', 0],
    ["'a'", 'is no JSON', 0],
    ['"a', 'string', 0],
    ['"a\\"', 'string', 0],
    ['"a\nb"', 'string', 0],
    ['"\\x41"', 'string', 0],
    ['1 2', 'is no JSON', 2],
    ['\ufeff{}', 'is no JSON', 0],
    ['['.repeat(66), 'deep', 65],
    ['{"a":'.repeat(100_000), 'deep', 325],
  ])('%.40s', (text, message, at) => {
    const mistake = expect.objectContaining({ message: expect.stringContaining(message), at });
    expect(() => parseJson(text)).toThrow(mistake);
  });

  test('bytes that are not UTF-8', () => {
    expect(() => parseJsonBytes(Buffer.from([0x22, 0xff, 0x22]))).toThrow(JsonMistake);
    expect(() => parseJsonBytes(Buffer.from('\ufeff{}'))).toThrow(JsonMistake);
  });
});

test('names of the prototype are names', () => {
  const value = parseJson('{"__proto__":{"admin":true},"constructor":1}') as Record<string, unknown>;
  expect(Object.getPrototypeOf(value)).toBeNull();
  expect(Object.keys(value)).toEqual(['__proto__', 'constructor']);
  expect(JSON.stringify(value)).toBe('{"__proto__":{"admin":true},"constructor":1}');
});

test.each(['12345678901234567890', '0.12345678901234567890', '-9007199254740993', '1.5'])(
  'exactly, %s is written again as it came',
  (text) => expect(JSON.stringify(parseJson(`[${text}]`, { exact: true }))).toBe(`[${text}]`),
);
