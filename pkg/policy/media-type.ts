/** Media types as policies compare them. */

/** Type and subtype in lower case, without parameters; `''` if the field says none. @param field Content-Type */
export function mediaTypeOf(field: string | undefined): string {
  if (field === undefined) return '';
  const semicolon = field.indexOf(';');
  return (semicolon < 0 ? field : field.slice(0, semicolon)).trim().toLowerCase();
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
