import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createKey, hashOfKey, keyIdOf } from './apikey-format.ts';

const fixed = { prefix: 'gwk', id: 'k7f3a9c21', random: (size: number) => new Uint8Array(size).fill(7) };

test('a key has a prefix, its id, 43 digits of secret and 6 of checksum', () => {
  const key = createKey(fixed);
  expect(key).toBe('gwk_k7f3a9c21_1fJjkkpe9PiTw9KSulA8Ghct30vZz4HpdQ5c5b9cPF13MF6kU');
  expect(keyIdOf(key)).toBe('k7f3a9c21');
});

test('the largest secret fits, and the smallest is as long', () => {
  for (const byte of [0, 255]) {
    const key = createKey({ ...fixed, random: (size) => new Uint8Array(size).fill(byte) });
    expect([key.length, keyIdOf(key)]).toEqual([createKey(fixed).length, fixed.id]);
  }
});

test('a thousand random keys are all read, and all different', () => {
  const keys = Array.from({ length: 1_000 }, () => createKey({ ...fixed, random: randomBytes }));
  expect(keys.map(keyIdOf)).toEqual(keys.map(() => fixed.id));
  expect(new Set(keys).size).toBe(1_000);
});

test('one digit that is different is no key', () => {
  const key = createKey(fixed);
  for (let at = 0; at < key.length; at++) {
    const other = key.slice(0, at) + (key.charAt(at) === 'q' ? 'r' : 'q') + key.slice(at + 1);
    expect([other, keyIdOf(other)]).toEqual([other, null]);
  }
});

test.each([
  '',
  'gwk',
  'gwk_k7f3_',
  '_',
  '__',
  'a'.repeat(100_000),
  `gwk_k7f3a9c21_${'a'.repeat(49)}`,
  'gwk_k7f3a9c21_é',
])('%.20s is no key', (text) => {
  expect(keyIdOf(text)).toBeNull();
});

test.each([
  ['gwk_a', 'k7f3'],
  ['Gwk', 'k7f3'],
  ['', 'k7f3'],
  ['gwk', 'k7'],
  ['gwk', 'k_7f3'],
])('no key is made with prefix %j and id %j, which nobody could read again', (prefix, id) => {
  expect(() => createKey({ ...fixed, prefix, id })).toThrow(RangeError);
});

test('the hash is what an APIKey holds', () => {
  expect(hashOfKey('abc')).toBe('sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
