/** Percentiles of a list of figures, for the table of `make torture`. */

/** The smallest figure that `share` (0 to 1) of all do not exceed; null for an empty list. The list is left as it is. */
export function percentile(figures: readonly number[], share: number): number | null {
  if (figures.length === 0) return null;
  const sorted = Float64Array.from(figures).sort();
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!;
}
