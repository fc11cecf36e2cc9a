/** Look-ups in a query string and in Cookie, for matching: nothing is parsed before a route asks. */

/**
 * First value of the parameter, percent-decoded with `+` as a space; undefined if there is none.
 * @param query with the question mark
 */
export function queryParamOf(query: string, name: string): string | undefined {
  for (let at = 1; at <= query.length; ) {
    let end = query.indexOf('&', at);
    if (end < 0) end = query.length;
    if (end > at) {
      const equals = query.indexOf('=', at);
      const nameEnd = equals < 0 || equals > end ? end : equals;
      if (decoded(query.slice(at, nameEnd)) === name)
        return nameEnd < end ? decoded(query.slice(nameEnd + 1, end)) : '';
    }
    at = end + 1;
  }
  return undefined;
}

/** First value of the cookie, without surrounding quotes. @param header all Cookie lines, joined with `; ` */
export function cookieOf(header: string, name: string): string | undefined {
  for (const part of header.split(';')) {
    const equals = part.indexOf('=');
    if (equals < 0 || part.slice(0, equals).trim() !== name) continue;
    const value = part.slice(equals + 1).trim();
    return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  }
  return undefined;
}

/** What is no valid escape stays as it is: a route must not be hidden by one stray `%`. */
function decoded(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
