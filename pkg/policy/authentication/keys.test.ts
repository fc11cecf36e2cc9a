import { expect, test } from '@jest/globals';
import { Recent } from '../recent.ts';
import { KeySet } from './key-set.ts';
import { ec, jwkOf } from './tokens.testing.ts';

test('of a large key set without ids only so many are tried for one token', () => {
  expect(new KeySet(Array<object>(20).fill(jwkOf(ec)) as never).find('ES256', '')).toHaveLength(8);
});

test('the least recently used value goes first', () => {
  const recent = new Recent<number>(2);
  recent.set('a', 1);
  recent.set('b', 2);
  recent.get('a');
  recent.set('c', 3);
  expect(['a', 'b', 'c'].map((key) => recent.get(key))).toEqual([1, undefined, 3]);
  recent.set('c', 4);
  expect(recent.get('c')).toBe(4);
  expect(recent.get('a')).toBe(1);
});

test('what is used is kept, however much else comes and goes', () => {
  const recent = new Recent<number>(10);
  for (let i = 0; i < 1_000; i++) {
    recent.set(String(i), i);
    for (const used of [0, 1, 2, 3, i]) expect(recent.get(String(used))).toBe(used > i ? undefined : used);
    expect(recent.size).toBeLessThanOrEqual(10);
  }
  // Of what is not used, the newest are there: of the ten four are taken, and an old one that is used may be among the latter half.
  const kept = [999, 998, 997, 996, 995].filter((key) => recent.get(String(key)) === key);
  expect(kept).toEqual([999, 998, 997, 996, 995]);
});
