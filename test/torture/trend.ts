/** Whether a figure grows: a straight line through its samples. Used by the memory scenario. */

export type Sample = readonly [x: number, y: number];

/** Growth of y for one x, by least squares; 0 for less than two samples. */
export function slopeOf(samples: readonly Sample[]): number {
  const meanX = mean(samples.map(([x]) => x));
  const meanY = mean(samples.map(([, y]) => y));
  const covariance = mean(samples.map(([x, y]) => (x - meanX) * (y - meanY)));
  const variance = mean(samples.map(([x]) => (x - meanX) ** 2));
  return variance > 0 ? covariance / variance : 0;
}

/** The lowest of each `size` samples in a row: what remains of a heap after its collections. */
export function lowest(samples: readonly Sample[], size: number): Sample[] {
  const floors: Sample[] = [];
  for (let i = 0; i + size <= samples.length; i += size) {
    floors.push(samples.slice(i, i + size).reduce((low, sample) => (sample[1] < low[1] ? sample : low)));
  }
  return floors;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
