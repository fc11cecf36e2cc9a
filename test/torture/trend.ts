/** Whether a figure grows, judged by its extremes: samples of a heap go up and down with its collections. Used by the memory scenario. */

export type Sample = readonly [x: number, y: number];

/**
 * Growth of y for one x, from the first half of the samples' range of x to its second.
 * @param extreme `lowest`: what a collector leaves; `highest`: what is never given back
 */
export function growthOf(samples: readonly Sample[], extreme: 'lowest' | 'highest'): number {
  const [first, last] = [samples.at(0)?.[0] ?? 0, samples.at(-1)?.[0] ?? 0];
  const half = (last - first) / 2;
  if (half === 0) return 0;
  const pick = extreme === 'lowest' ? Math.min : Math.max;
  const before = samples.filter(([x]) => x - first < half).map(([, y]) => y);
  const after = samples.filter(([x]) => x - first >= half).map(([, y]) => y);
  return (pick(...after) - pick(...before)) / half;
}
