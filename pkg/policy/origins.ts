/** Origins as users list them: `https://app.example.com`, or every name below with `https://*.example.com`. */
import type { Problem } from '../status/problem.ts';
import { unsupported } from './translated.ts';

// `https://*` and `https://*:8443` are any host of that scheme.
const Pattern = /^[a-z][a-z0-9+.-]*:\/\/(?:\*|(?:\*\.)?[^/*:?#\s]+)(?::\d{1,5})?$/i;

/** Compared by equality, or by both ends: a filter never parses one. */
export interface OriginPatterns {
  readonly origins: readonly string[];
  /** `https://*.example.com` as `['https://', '.example.com']`. */
  readonly wildcards: readonly (readonly [prefix: string, suffix: string])[];
}

export function originProblem(origin: string, path: string): readonly Problem[] {
  if (Pattern.test(origin)) return [];
  return [
    unsupported(
      path,
      `"${origin}" is no origin; write a scheme and a host without a path, such as https://app.example.com or https://*.example.com`,
    ),
  ];
}

export function originPatterns(origins: readonly string[]): OriginPatterns {
  // Browsers send scheme and host in lower case (HTML, "serialization of an origin").
  const lower = origins.map((origin) => origin.toLowerCase());
  return {
    origins: lower.filter((origin) => !origin.includes('*')),
    wildcards: lower.filter((origin) => origin.includes('*')).map(splitWildcard),
  };
}

/** @returns whether an origin, as a browser sends it, is one of them */
export function originMatcher({ origins, wildcards }: OriginPatterns): (origin: string) => boolean {
  const exact = new Set(origins);
  return (origin) => exact.has(origin) || wildcards.some((wildcard) => matches(wildcard, origin));
}

function splitWildcard(origin: string): readonly [string, string] {
  const star = origin.indexOf('*');
  return [origin.slice(0, star), origin.slice(star + 1)];
}

function matches([prefix, suffix]: readonly [string, string], origin: string): boolean {
  return origin.length > prefix.length + suffix.length && origin.startsWith(prefix) && origin.endsWith(suffix);
}
