/** Look-ups in a query string for decisions. */
import { ExpressionFailure } from './failure.ts';

/**
 * The value of a parameter, decoded once, `+` as a space; undefined if there is none.
 * Throws if it stands there twice: backends disagree about which of them counts, so no decision may be built on one.
 * @param query with the question mark, or `''`
 */
export function queryValue(query: string, name: string): string | undefined {
  let found: string | undefined;
  for (let at = 1; at < query.length; ) {
    const end = query.indexOf('&', at) < 0 ? query.length : query.indexOf('&', at);
    const equals = query.indexOf('=', at);
    const nameEnd = equals < 0 || equals > end ? end : equals;
    if (end > at && decoded(query.slice(at, nameEnd)) === name) {
      if (found !== undefined) throw new ExpressionFailure(`the query parameter ${name} is there more than once`);
      found = nameEnd < end ? decoded(query.slice(nameEnd + 1, end)) : '';
    }
    at = end + 1;
  }
  return found;
}

/** What is no valid escape stays as it is. */
function decoded(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
