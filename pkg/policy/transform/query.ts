/** Data-plane half of query transforms. */

/**
 * The query without some parameters, and with some more at its end; what stays, stays byte for byte.
 * @param query with the question mark, or `''`
 */
export function changeQuery(
  query: string,
  without: ReadonlySet<string>,
  more: readonly (readonly [name: string, value: string])[],
): string {
  const kept = query
    .slice(1)
    .split('&')
    .filter((part) => part !== '' && !without.has(decoded(part.split('=', 1)[0]!)));
  const parts = [...kept, ...more.map(([name, value]) => `${encoded(name)}=${encoded(value)}`)];
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** As backends read names: a parameter that is taken out must not come through in another spelling. */
function decoded(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
