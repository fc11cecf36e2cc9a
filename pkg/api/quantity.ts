/** Sizes as Kubernetes quantities: `64Ki`, `10M`, `1024`. */

/** With as many digits as a number can hold exactly. */
export const SIZE_PATTERN = '^([0-9]{1,15}|[0-9]{1,6}(k|M|G|Ki|Mi|Gi))$';

const WHOLE = /^([0-9]{1,15})([A-Za-z]{0,2})$/;

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
};

/** Bytes, or undefined for a text that is no size or too large to be exact. */
export function parseSize(text: string): number | undefined {
  const [, digits, unit = ''] = WHOLE.exec(text) ?? [];
  if (digits === undefined || !Object.hasOwn(UNITS, unit)) return undefined;
  const bytes = Number(digits) * UNITS[unit]!;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
