/** Look-ups in Cookie for decisions. */
import { ExpressionFailure } from './failure.ts';

/**
 * The value of a cookie, without the quotes around it; undefined if there is none.
 * Throws if it stands there twice: of those the gateway would take the first, and many backends the last.
 * @param field all Cookie lines, joined with `; `
 */
export function cookieValue(field: string, name: string): string | undefined {
  let found: string | undefined;
  for (const part of field.split(';')) {
    const equals = part.indexOf('=');
    if (equals < 0 || part.slice(0, equals).trim() !== name) continue;
    if (found !== undefined) throw new ExpressionFailure(`the cookie ${name} is there more than once`);
    const value = part.slice(equals + 1).trim();
    found = value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  }
  return found;
}
