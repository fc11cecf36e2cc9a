/** Media types as policies compare them. */

/** Type and subtype in lower case, without parameters; `''` if the field says none. @param field Content-Type */
export function mediaTypeOf(field: string | undefined): string {
  if (field === undefined) return '';
  const semicolon = field.indexOf(';');
  return (semicolon < 0 ? field : field.slice(0, semicolon)).trim().toLowerCase();
}

const charset = /charset\s*\*?\s*=\s*"?([^\s;,"]*)/gi;
const utf8 = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii']);

/**
 * Whether whoever reads the body will read it as UTF-8: the field names no other charset, in any parameter. In UTF-7 `+ACI-` is a quote, so what
 * is one text to us has more members to a backend that obeys the field (body-parser does).
 * @param field Content-Type
 */
export function isUtf8Type(field: string | undefined): boolean {
  if (field === undefined) return true;
  return [...field.matchAll(charset)].every(([, name = '']) => utf8.has(name.toLowerCase()));
}

/** @param patterns in lower case: `application/json`, `text/*`, `*+json` (RFC 6839) */
export function mediaTypeMatcher(patterns: readonly string[]): (type: string) => boolean {
  const exact = new Set(patterns);
  const ranges = patterns.filter((pattern) => pattern.endsWith('/*')).map((pattern) => pattern.slice(0, -1));
  const suffixes = patterns.filter((pattern) => pattern.startsWith('*+')).map((pattern) => pattern.slice(1));
  return (type) =>
    exact.has(type) ||
    ranges.some((range) => type.startsWith(range)) ||
    suffixes.some((suffix) => type.endsWith(suffix));
}
