import { expect, test } from '@jest/globals';
import { Head, scanResponse } from '../http1/head.ts';
import { type PreparedFields, prepareFields } from '../policy/prepared-fields.ts';
import type { HeaderView } from '../policy/runtime.ts';
import { Fields } from './fields.ts';
import { encodeResponse, Response } from './response-head.ts';

const refused = (name: string, value: string): boolean => {
  try {
    new Fields().set(name, value);
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return true;
  }
};
const characters = Array.from({ length: 0x1_00_00 }, (_, code) => String.fromCharCode(code));

// RFC 9110 5.6.2.
test('a name is a token', () => {
  const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/;
  expect(characters.filter((one) => !refused(`x${one}`, ''))).toEqual(characters.filter((one) => token.test(one)));
  expect(refused('', '')).toBe(true);
});

// RFC 9110 5.5, and what one byte can hold.
test('a value holds visible bytes, spaces and tabs', () => {
  const byte = /^[\t\x20-\x7e\x80-\xff]$/;
  expect(characters.filter((one) => !refused('x', `a${one}`))).toEqual(characters.filter((one) => byte.test(one)));
  expect(refused('x', '')).toBe(false);
});

test('is empty again for the next message, however many fields the last one had', () => {
  const fields = new Fields();
  for (let i = 0; i < 40; i++) fields.add(`x-${i}`, String(i));
  fields.clear();
  expect([fields.lines(), fields.addedLength(), fields.has('x-0')]).toEqual([[], 0, false]);
});

/** What a client gets, its lines in order of their names; those of one name in theirs. */
function sent(response: Response): readonly string[] {
  const out = Buffer.alloc(4_096);
  const text = out.toString(
    'latin1',
    0,
    encodeResponse(response, out, 0, () => 'now'),
  );
  if (!/^HTTP\/1\.1 200 OK\r\n(?:[^\r\n]+\r\n)*\r\n$/.test(text)) throw new Error(`no head: ${text}`);
  const lines = text.split('\r\n').slice(1, -2);
  return inOrder(lines);
}

function inOrder(lines: readonly string[]): readonly string[] {
  return lines.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : Number(nameOf(a) > nameOf(b))));
}

const nameOf = (line: string): string => line.slice(0, line.indexOf(':')).toLowerCase();

function received(...lines: readonly string[]): Response {
  const bytes = Buffer.from(['HTTP/1.1 200 OK', ...lines, 'Content-Length: 0', '', ''].join('\r\n'), 'latin1');
  const head = new Head();
  if (scanResponse(bytes, 0, bytes.length, head) !== bytes.length) throw new Error('no head');
  const response = new Response();
  response.receive(200, bytes, head, 0, { method: 'GET', head: { minor: 1 } });
  return response;
}

const prepared = [
  prepareFields([
    ['X-A', '1'],
    ['x-bb', '2'],
  ]),
  prepareFields([
    ['X-BB', '3'],
    ['Vary', 'Origin'],
    ['x-ccc', 'ä'],
  ]),
  prepareFields([['Date', 'then']]),
];
const setEach = (headers: HeaderView, { names, values }: PreparedFields): void =>
  names.forEach((name, i) => headers.set(name, values[i]!));
const fillEach = (headers: HeaderView, { names, lower, values }: PreparedFields): void =>
  names.forEach((name, i) => void (headers.has(lower[i]!) || headers.set(name, values[i]!)));

test('prepared fields are what they would be one by one, whatever is done before and behind', () => {
  type Step = readonly [
    what: string,
    many: (headers: HeaderView) => unknown,
    single?: (headers: HeaderView) => unknown,
  ];
  const steps: readonly Step[] = [
    ...prepared.flatMap((fields, i): Step[] => [
      [`set ${i}`, (headers) => headers.setAll(fields), (headers) => setEach(headers, fields)],
      [`fill ${i}`, (headers) => headers.fillIn(fields), (headers) => fillEach(headers, fields)],
    ]),
    ['set x-a', (headers) => headers.set('X-a', '9')],
    ['add vary', (headers) => headers.add('Vary', 'Accept')],
    ['remove x-bb', (headers) => headers.remove('X-BB')],
    ['get', (headers) => ['x-a', 'x-bb', 'x-ccc', 'vary', 'date', 'x-none'].map((name) => headers.get(name))],
    ['has', (headers) => ['x-a', 'x-bb', 'x-ccc', 'vary', 'date', 'x-none'].map((name) => headers.has(name))],
    ['lines', (headers) => inOrder(headers.lines().map(([name, value]) => `${name}: ${value}`))],
  ];
  const bases = [[], ['x-A: 0', 'X-Bb: 0', 'x-bb: 00'], ['vary: Cookie', 'X-Ccc: 0', 'Date: before']];
  for (const base of bases) {
    for (const first of steps) {
      for (const second of steps) {
        for (const third of steps) {
          const way = [first, second, third];
          const [one, other] = [received(...base), received(...base)];
          const seen = way.map(([, many]) => many(one.headers));
          const expected = way.map(([, many, single = many]) => single(other.headers));
          const ends = [one, other].map((each) => [each.headers.addedLength(), sent(each)]);
          if (JSON.stringify([seen, ends[0]]) === JSON.stringify([expected, ends[1]])) continue;
          expect([way.map(([what]) => what), seen, ends[0]]).toEqual([[], expected, ends[1]]);
        }
      }
    }
  }
});

test('none of them is left for the next message', () => {
  const fields = new Fields();
  fields.setAll(prepared[0]!);
  fields.clear();
  expect([fields.lines(), fields.addedLength(), fields.has('x-a')]).toEqual([[], 0, false]);
});

test.each<[string, readonly (readonly [string, string])[]]>([
  ['a name that is none', [['x a', '1']]],
  ['a value with a line break', [['x-a', '1\r\nx-b: 2']]],
  [
    'a name twice',
    [
      ['x-a', '1'],
      ['X-A', '2'],
    ],
  ],
])('%s is not prepared', (_, lines) => {
  expect(() => prepareFields(lines)).toThrow(RangeError);
});
