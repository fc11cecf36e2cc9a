/** The charts of bench/plot.ts: where marks stand, and that any name can be in them. */
import { describe, expect, test } from '@jest/globals';
import { type BarGroup, barChart, lineChart } from '../../bench/plot.ts';
import { numberText, place, scaleOf } from '../../bench/plot-scale.ts';

describe('an axis', () => {
  test.each([
    [0, 115, [0, 50, 100, 150]],
    [0, 3_500, [0, 1_000, 2_000, 3_000, 4_000]],
    [0, 0.3, [0, 0.1, 0.2, 0.3]],
    [-3, 3, [-4, -2, 0, 2, 4]],
    [0, 0, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [Number.NaN, Number.NaN, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  ])('from %d to %d counts in round steps', (least, most, ticks) => {
    expect(scaleOf(least, most).ticks).toEqual(ticks);
  });

  test('places values in proportion, and what is beyond it at its edge', () => {
    const scale = scaleOf(0, 100);
    expect([0, 25, 100, 130, -5].map((value) => place(scale, value, 200, 0))).toEqual([200, 150, 0, 0, 200]);
  });
});

test.each([
  [0, '0'],
  [0.1234, '0.123'],
  [1.5, '1.5'],
  [19.34, '19.3'],
  [20, '20'],
  [100, '100'],
  [1_234_567, '1,234,567'],
  [-1_500, '-1,500'],
  [Number.NaN, '–'],
])('the number %d is written %s', (value, text) => {
  expect(numberText(value)).toBe(text);
});

describe('a line chart', () => {
  const chart = { title: 'Memory', xLabel: 'requests', yLabel: 'MiB' };
  const linesOf = (svg: string): (readonly [number, number])[][] =>
    [...svg.matchAll(/<polyline [^>]*points="([^"]*)"/g)].map(([, points = '']) =>
      points.split(' ').map((point) => point.split(',').map(Number) as [number, number]),
    );

  test('draws each series from the left edge to the right one', () => {
    const svg = lineChart({
      ...chart,
      series: [
        {
          name: 'heap',
          points: [
            [0, 10],
            [50, 20],
            [100, 10],
          ],
        },
        {
          name: 'RSS',
          points: [
            [0, 40],
            [100, 40],
          ],
        },
      ],
    });
    const [heap = [], rss = []] = linesOf(svg);
    expect(heap[0]?.[0]).toBe(rss[0]?.[0]);
    expect(heap[1]?.[0]).toBe((heap[0]![0] + heap[2]![0]) / 2);
    expect(heap[1]![1]).toBeLessThan(heap[0]![1]);
    expect(rss[0]![1]).toBeLessThan(heap[1]![1]);
    expect(svg).toContain('>heap<');
    expect(svg).toContain('prefers-color-scheme:dark');
  });

  test('keeps the one peak among a hundred thousand points, and stays small', () => {
    const points = Array.from({ length: 100_000 }, (_, i) => [i, i === 71_234 ? 500 : 100] as const);
    const svg = lineChart({ ...chart, series: [{ name: 'heap', points }] });
    const [heap = []] = linesOf(svg);
    expect(heap.length).toBeLessThan(2_000);
    expect(heap.filter(([, y]) => y < heap[0]![1])).toHaveLength(1);
  });

  test('of nothing is still a picture', () => {
    const svg = lineChart({ ...chart, series: [{ name: 'heap', points: [] }] });
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('a bar chart', () => {
  const widths = (svg: string): number[] =>
    [...svg.matchAll(/<rect class="s\d" [^>]*width="([\d.]+)" height="17"/g)].map(([, width]) => Number(width));
  const groups: BarGroup[] = [
    { name: 'small', bars: [{ value: 20, min: 18, max: 25 }, { value: 10 }] },
    { name: '1m', bars: [{ value: 400 }, null] },
  ];
  const chart = { title: 'CPU', valueLabel: 'µs', series: ['a', 'b'], groups };

  test('with a shared scale compares groups', () => {
    const [a = 0, b = 0, c = 0] = widths(barChart({ ...chart, scale: 'shared' }));
    expect(a / b).toBeCloseTo(2, 1);
    expect(c / a).toBeCloseTo(20, 0);
  });

  test('with a scale for each group fills the width with each longest bar, whiskers included', () => {
    const [a = 0, b = 0, c = 0] = widths(barChart({ ...chart, scale: 'each' }));
    expect(a / b).toBeCloseTo(2, 1);
    expect(c / a).toBeCloseTo(25 / 20, 1);
  });

  test('leaves no gap for what is missing', () => {
    const heightOf = (bars: readonly BarGroup['bars'][]): number => {
      const svg = barChart({ ...chart, groups: bars.map((each) => ({ name: 'x', bars: each })), scale: 'each' });
      return Number(/viewBox="0 0 \d+ ([\d.]+)"/.exec(svg)?.[1]);
    };
    const one = { value: 1 };
    expect(heightOf([[one, null]])).toBe(heightOf([[null, one]]));
    expect(heightOf([[one, one]]) - heightOf([[one, null]])).toBe(20);
  });

  test('takes any name', () => {
    const svg = barChart({ ...chart, title: 'a < b & "c"', scale: 'each' });
    expect(svg).toContain('a &lt; b &amp; &quot;c&quot;');
  });
});
