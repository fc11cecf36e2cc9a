/** Unquoted scalars mean what sigs.k8s.io/yaml makes of them. */
import { expect, test } from '@jest/globals';
import { resolveScalar } from './scalar.ts';

const NOT_A_NUMBER = 'refused';

test.each<[string, unknown]>([
  ['yes', true],
  ['On', true],
  ['y', true],
  ['TRUE', true],
  ['no', false],
  ['Off', false],
  ['N', false],
  ['yEs', 'yEs'],
  ['', null],
  ['~', null],
  ['Null', null],
  ['nil', 'nil'],
  ['0', 0],
  ['-0', 0],
  ['+12', 12],
  ['0777', 511],
  ['0o17', 15],
  ['08', 8],
  ['0x1F', 31],
  ['-0x1f', -31],
  ['0b101', 5],
  ['1_000', 1000],
  ['1.5', 1.5],
  ['.5', 0.5],
  ['1e3', 1000],
  ['-1.25E-2', -0.0125],
  ['1.2.3', '1.2.3'],
  ['10.0.0.1', '10.0.0.1'],
  ['10m', '10m'],
  ['1:30', '1:30'],
  ['2026-11-25', '2026-11-25'],
  ['2026-11-25T10:00:00Z', '2026-11-25T10:00:00Z'],
  ['-', '-'],
  ['--flag', '--flag'],
  ['0xyz', '0xyz'],
  ['.inf', NOT_A_NUMBER],
  ['-.INF', NOT_A_NUMBER],
  ['.nan', NOT_A_NUMBER],
  ['1e999', NOT_A_NUMBER],
])('%j is read as %j', (text, expected) => {
  const scalar = resolveScalar(text);
  expect('refused' in scalar ? NOT_A_NUMBER : scalar.value).toBe(expected);
});
