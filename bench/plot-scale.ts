/** Axes of a plot: round ticks, and numbers as a person writes them. Used by plot.ts. */

export interface Scale {
  readonly min: number;
  readonly max: number;
  /** From `min` to `max`, evenly. */
  readonly ticks: readonly number[];
}

/** Steps of an axis: a person counts in ones, twos and fives. */
const steps = [1, 2, 5, 10] as const;

/**
 * The smallest round scale that holds both values.
 * @param count of intervals wanted; the scale has at most one and a half times as many
 */
export function scaleOf(least: number, most: number, count = 5): Scale {
  const low = Number.isFinite(least) ? least : 0;
  const high = Number.isFinite(most) && most > low ? most : low + 1;
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = (steps.find((s) => s * power >= raw * 0.999) ?? 10) * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  // Multiplied, not summed: 0.1 three times is not 0.3.
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => rounded((first + i) * step));
  return { min: ticks[0]!, max: ticks.at(-1)!, ticks };
}

/** Where `value` stands between `from` and `to`, in pixels; what is outside of the scale is put at its edge. */
export function place({ min, max }: Scale, value: number, from: number, to: number): number {
  const share = Math.min(1, Math.max(0, (value - min) / (max - min)));
  return from + share * (to - from);
}

/** `1,234`, `12.3`, `0.123`: three digits that matter, and thousands apart. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  const digits = size === 0 || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  const [whole = '', fraction = ''] = value.toFixed(digits).split('.');
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  const rest = fraction.replace(/0+$/, '');
  return rest === '' ? grouped : `${grouped}.${rest}`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
