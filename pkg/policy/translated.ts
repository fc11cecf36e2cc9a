/** What a translator gives: the configuration, or every reason why there is none. */
import type { Problem } from '../status/problem.ts';

export type Translated<T> = T | readonly Problem[];

/** Configurations are objects, so a list is always the problems. */
export function isProblems<T extends object>(result: Translated<T>): result is readonly Problem[] {
  return Array.isArray(result);
}

/** A value that this gateway cannot do what it asks for; the rule is dropped and fails closed. */
export function unsupported(path: string, message: string): Problem {
  return { path, reason: 'UnsupportedValue', message };
}
