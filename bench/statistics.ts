/** Medians and ratios of samples; used by every scenario. */
import type { Spread, TargetResult } from './result.ts';

/** NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? 0)) / 2;
}

export function spread(values: readonly number[]): Spread {
  return { min: Math.min(...values), median: median(values), max: Math.max(...values) };
}

/** `subject/other` for every other target. A target with errors has no ratio: who answers wrongly may well be fast. */
export function ratiosOf(
  targets: Readonly<Record<string, TargetResult>>,
  figure: (target: TargetResult) => number = (target) => target.cpuMicrosPerRequest.median,
  subject = 'gateway',
): Record<string, number> {
  const ratios: Record<string, number> = {};
  const own = targets[subject];
  if (own === undefined || own.errors > 0) return ratios;
  for (const [name, other] of Object.entries(targets)) {
    if (name === subject || other.errors > 0) continue;
    const ratio = figure(own) / figure(other);
    if (Number.isFinite(ratio)) ratios[`${subject}/${name}`] = round(ratio, 3);
  }
  return ratios;
}

export function round(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}
