/** The judge of memory: what grows is seen through noise, and what stands still is not accused. */
import { describe, expect, test } from '@jest/globals';
import { lowest, type Sample, slopeOf } from './trend.ts';

const samples = (of: (i: number) => number): Sample[] => Array.from({ length: 100 }, (_, i) => [i, of(i)]);

describe('the slope', () => {
  test.each<[string, (i: number) => number, number]>([
    ['a line', (i) => 5 + 2 * i, 2],
    ['nothing', () => 7, 0],
    ['a line below noise', (i) => 0.5 * i + (i % 2 === 0 ? 10 : -10), 0.5],
  ])('of %s', (_, of, slope) => {
    expect(slopeOf(samples(of))).toBeCloseTo(slope, 1);
  });

  test('of too few samples is 0', () => {
    expect([slopeOf([]), slopeOf([[1, 1]])]).toEqual([0, 0]);
  });
});

test('the lowest of each group is what a collector leaves', () => {
  const saw = samples((i) => i + 50 * (i % 10));
  expect(lowest(saw, 10).map(([x]) => x)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
  expect(slopeOf(lowest(saw, 10))).toBeCloseTo(1, 5);
});
