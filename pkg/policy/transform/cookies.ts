/** Data-plane half of cookies. */

/** RFC 6265 4.1.1: cookie-octet. @returns null for a text that is no cookie value */
export function cookieValue(text: string): string | null {
  return /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{0,4096}$/.test(text) ? text : null;
}

/**
 * The Cookie field without some names, and with some more.
 * @param field as it came, `''` for none
 * @returns `''` if nothing is left
 */
export function changeCookies(
  field: string,
  without: ReadonlySet<string>,
  more: readonly (readonly [name: string, value: string])[],
): string {
  const kept = field
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '' && !without.has(nameOf(part)));
  return [...kept, ...more.map(([name, value]) => `${name}=${value}`)].join('; ');
}

/** Of a cookie pair, or a Set-Cookie line. */
export function nameOf(pair: string): string {
  const [name = ''] = pair.split(/[=;]/, 1);
  return name.trim();
}
