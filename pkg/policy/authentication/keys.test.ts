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
