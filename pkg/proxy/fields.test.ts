import { expect, test } from '@jest/globals';
import { Fields } from './fields.ts';

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
