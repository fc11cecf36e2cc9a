/** GEP-2257 durations (`1h30m`, `500ms`), as every timeout in Gateway API and in our kinds is written. */

/** "A Duration … MUST match the regular expression ^([0-9]{1,5}(h|m|s|ms)){1,4}$" (GEP-2257) */
export const DURATION_PATTERN = '^([0-9]{1,5}(h|m|s|ms)){1,4}$';

const WHOLE = new RegExp(DURATION_PATTERN);
const PART = /([0-9]{1,5})(h|ms|m|s)/g;
const MILLISECONDS = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** Milliseconds, or undefined for a text that is no duration. Parts are added up, in any order and repeated, as Go's parser does it. */
export function parseDuration(text: string): number | undefined {
  if (!WHOLE.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(PART)) {
    total += Number(count) * MILLISECONDS[unit as keyof typeof MILLISECONDS];
  }
  return total;
}
