/** The frame of the micro-benchmarks: figures, bars, and that what is measured is really done. */
import { describe, expect, test } from '@jest/globals';
import { type Figure, figureOf, isMet } from '../../bench/micro/benchmark.ts';
import { measure } from '../../bench/micro/measure.ts';
import { parserBenchmarks } from '../../bench/micro/parser.ts';
import { rewriteBenchmarks } from '../../bench/micro/rewrite.ts';
import { barText, renderFigures } from '../../bench/micro/table.ts';
import { telemetryBenchmarks } from '../../bench/micro/telemetry.ts';

const what = { group: 'parser', name: 'head', unit: 'ns' } as const;

describe('a figure', () => {
  test.each([
    [[3], 3, 3, 3],
    [[9, 1, 5], 1, 5, 9],
    [[4, 1, 3, 2], 1, 2, 4],
  ])('of %j has its extremes and its middle', (values, min, median, max) => {
    expect(figureOf(what, values)).toMatchObject({ min, median, max, bytes: null, bar: null });
  });

  test.each<[string, Figure['bar'], boolean | null, string]>([
    ['no bar', null, null, ''],
    ['a bar for its median that holds', { limit: 5, of: 'median' }, true, 'met: median 5 ≤ 5'],
    ['a bar for its median that does not', { limit: 4, of: 'median' }, false, 'missed by 25 %: median 5 > 4'],
    ['a bar for its maximum', { limit: 8, of: 'max' }, false, 'missed by 12.5 %: max 9 > 8'],
  ])('with %s', (_, bar, met, text) => {
    const figure = figureOf(what, [9, 1, 5], { bar });
    expect([isMet(figure), barText(figure)]).toEqual([met, text]);
  });
});

test('figures are a table with aligned columns', () => {
  const lines = renderFigures([
    figureOf(what, [1_234.5], { bytes: 64 }),
    figureOf({ ...what, name: 'a longer name' }, [2], { bar: { limit: 1, of: 'max' } }),
  ]).split('\n');
  expect(lines).toEqual([
    'parser           min  median    max      allocated  bar',
    'head           1,235   1,235  1,235  ns       64 B',
    'a longer name      2       2      2  ns             missed by 100 %: max 2 > 1',
    '',
  ]);
});

test('a benchmark is run often enough to be timed, and told what it allocates', () => {
  let done = 0;
  const kept: string[] = [];
  const figure = measure(
    {
      ...what,
      run(count) {
        done += count;
        for (let i = 0; i < count; i++) kept[i & 7] = `${i} `.repeat(50);
        return count;
      },
    },
    3,
  );
  expect(done).toBeGreaterThan(1_000);
  expect(figure.min).toBeGreaterThan(0);
  expect(figure.bytes).not.toBe(0);
});

test.each([
  ['gives no number', Number.NaN, 'head gave no number'],
  ['is left out', 1, 'head takes no time'],
])('what %s was not measured', (_, sum, message) => {
  expect(() => measure({ ...what, run: () => sum }, 1)).toThrow(message);
});

test('every step that is measured does its work', () => {
  const telemetry = telemetryBenchmarks();
  const sums = [...parserBenchmarks(), ...rewriteBenchmarks(), ...telemetry.benchmarks].map(
    ({ name, run }) => [name, run(1) > 0] as const,
  );
  telemetry.close();
  expect(sums.filter(([, works]) => !works)).toEqual([]);
});
