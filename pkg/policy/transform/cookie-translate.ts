/** Control-plane half of cookies: names and values that are written out. */
import type { Problem } from '../../status/problem.ts';
import { unsupported } from '../translated.ts';
import { cookieValue } from './cookies.ts';

const Token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** @param at index of the entry whose name is checked; without it, each is an entry of its own */
export function cookieNameProblems(names: readonly string[] = [], path: string, at?: number): readonly Problem[] {
  return names.flatMap((name, i) =>
    Token.test(name)
      ? []
      : [unsupported(at === undefined ? `${path}[${i}]` : `${path}[${at}].name`, `"${name}" is no cookie name`)],
  );
}

export function cookieMistake(text: string): string {
  return cookieValue(text) === null
    ? 'holds a character that no cookie may hold (RFC 6265 4.1.1): a space, a quote, a comma, a semicolon, a backslash or one beyond ASCII'
    : '';
}
