/** Sizes as Kubernetes quantities: `64Ki`, `10M`, `1024`. */

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
  const parts = /^([0-9]{1,15})(k|M|G|Ki|Mi|Gi)?$/.exec(text);
  if (parts === null) return undefined;
  const bytes = Number(parts[1]) * UNITS[parts[2] ?? '']!;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
