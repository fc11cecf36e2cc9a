/** What a micro-benchmark is, and what one gives. Used by every file of this folder and by report.ts. */

/** Something small, done often. */
export interface Benchmark {
  readonly group: string;
  readonly name: string;
  /**
   * Does it `count` times.
   * @returns a number that depends on every one of them, so that no compiler leaves them out
   */
  readonly run: (count: number) => number;
}

/** One figure, measured several times. */
export interface Figure {
  readonly group: string;
  readonly name: string;
  /** Of min, median and max; `×` is a ratio of two other figures. */
  readonly unit: 'ns' | 'ms' | 'MB' | '×';
  readonly min: number;
  readonly median: number;
  readonly max: number;
  /** Bytes of heap that one operation allocates; null where nobody can tell. */
  readonly bytes: number | null;
  readonly bar: Bar | null;
}

/** What the figure must not exceed. */
export interface Bar {
  readonly limit: number;
  /** Which of the three is held against it. */
  readonly of: 'median' | 'max';
}

/** `bench/results/micro.json` */
export interface MicroResult {
  readonly node: string;
  readonly cpu: string;
  readonly rounds: number;
  readonly figures: readonly Figure[];
}

/** @param values at least one, in any order */
export function figureOf(
  what: Pick<Figure, 'group' | 'name' | 'unit'>,
  values: readonly number[],
  more: Partial<Pick<Figure, 'bytes' | 'bar'>> = {},
): Figure {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    ...what,
    min: sorted[0] ?? Number.NaN,
    median: sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
    bytes: more.bytes ?? null,
    bar: more.bar ?? null,
  };
}

/** null without a bar. */
export function isMet({ bar, ...figure }: Figure): boolean | null {
  return bar === null ? null : figure[bar.of] <= bar.limit;
}
