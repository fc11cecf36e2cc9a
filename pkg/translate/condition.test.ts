import { describe, expect, test } from '@jest/globals';
import { limit, summarise } from './condition.ts';

const bytes = (text: string): number => Buffer.byteLength(text);
const problem = (i: number): string =>
  `spec.policies.authentication.methods[${i}].basic.users: Secret shop/staff-${i} not found`;

describe('summarise', () => {
  test('tells all that fit, whole, and counts the others', () => {
    const texts = Array.from({ length: 40 }, (_, i) => problem(i));
    const message = summarise(texts);
    const [, told = '', more] = /^(.*) \(and (\d+) more\)$/.exec(message) ?? [];
    expect(told.split('; ')).toEqual(texts.slice(0, 40 - Number(more)));
    expect(Number(more)).toBeGreaterThan(20);
    expect(bytes(message)).toBeLessThan(830);
  });

  test.each([
    ['letters', 'x'],
    ['characters of several bytes', 'ü€😀'],
  ])('cuts one that is too long by itself, and still counts: %s', (_, character) => {
    const message = summarise([character.repeat(2000), problem(1), problem(2)]);
    expect(message).toMatch(/… \(and 2 more\)$/);
    expect(message).not.toContain('\uFFFD');
    expect(bytes(message)).toBeLessThan(830);
  });

  test('names those that do not fit, where there are short names', () => {
    const message = summarise(
      Array.from({ length: 12 }, (_, i) => problem(i)),
      (from) => `those from ${from} on`,
    );
    const more = Number(/\(and (\d+) more: /.exec(message)?.[1]);
    expect(message).toContain(`more: those from ${12 - more} on)`);
  });

  test('of one that fits is that one', () => {
    expect(summarise([problem(1)])).toBe(problem(1));
  });
});

test.each([
  ['letters', 'x'.repeat(5000)],
  ['characters of several bytes', '😀'.repeat(1000)],
  ['just too long', 'x'.repeat(1025)],
])('limit leaves 1 KiB at most, in whole characters: %s', (_, text) => {
  expect(bytes(limit(text))).toBeLessThanOrEqual(1024);
  expect(bytes(limit(text))).toBeGreaterThan(1019);
  expect(limit(text)).not.toContain('\uFFFD');
  expect(limit('x'.repeat(1024))).toBe('x'.repeat(1024));
});
