/** The judge of memory: what grows is seen through noise, and what goes up and down is not accused. */
import { describe, expect, test } from '@jest/globals';
import { growthOf, type Sample } from './trend.ts';

const samples = (of: (i: number) => number): Sample[] => Array.from({ length: 101 }, (_, i) => [i, of(i)]);

describe.each(['lowest', 'highest'] as const)('by the %s', (extreme) => {
  test.each<[string, (i: number) => number, number]>([
    ['nothing', () => 7, 0],
    ['a line', (i) => 5 + 2 * i, 2],
    ['a saw', (i) => 50 * (i % 10), 0],
    ['a saw on a line', (i) => i + 500 * (i % 10), 1],
  ])('%s', (_, of, growth) => {
    expect(growthOf(samples(of), extreme)).toBeCloseTo(growth, 1);
  });

  test('too few samples do not grow', () => {
    expect([growthOf([], extreme), growthOf([[1, 1]], extreme)]).toEqual([0, 0]);
  });
});

test('one rare collection does not hide a floor that rises', () => {
  expect(
    growthOf(
      samples((i) => (i === 20 || i === 90 ? i : 1000 + i)),
      'lowest',
    ),
  ).toBeCloseTo(1.4, 1);
});
