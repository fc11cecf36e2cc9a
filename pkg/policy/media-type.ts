/** Media types as policies compare them. */

/** Type and subtype in lower case, without parameters; `''` if the field says none. @param field Content-Type */
export function mediaTypeOf(field: string | undefined): string {
  const [type = ''] = (field ?? '').split(';', 1);
  return type.trim().toLowerCase();
}

/** Whether a type is one of `patterns`: `application/json`, `text/*`, `*+json` (RFC 6839), in lower case. */
export function isMediaType(type: string, patterns: readonly string[]): boolean {
  return patterns.some(
    (pattern) =>
      pattern === type ||
      (pattern.endsWith('/*') && type.startsWith(pattern.slice(0, -1))) ||
      (pattern.startsWith('*+') && type.endsWith(pattern.slice(1))),
  );
}
