/** Matches of a rule: normal forms, and the check of what cannot be compiled later. */
import { RE2JS } from 're2js';
import type { GatewayRouteMatch, GatewayRouteRule } from '../api/gatewayroute.ts';
import type { NamedMatch as NamedSpec } from '../api/httproute.ts';
import type { Match, NamedMatch, PathMatch } from '../ir/route.ts';
import { isHugePattern } from '../policy/pattern-size.ts';
import type { Problem } from '../status/problem.ts';

/** Instructions of a compiled pattern: what one step of a match may cost. */
const MaxProgram = 2_000;

/** @returns problems if one of the matches cannot be used: the rule is dropped as a whole (Gateway API, PartiallyInvalid) */
export function translateMatches(
  rule: GatewayRouteRule,
  path: string,
): { readonly matches: readonly Match[]; readonly problems: readonly Problem[] } {
  // HTTPRouteRule.matches: "If no matches are specified, the default is a prefix path match on "/", which has the effect of matching
  // every HTTP request."
  if (rule.matches.length === 0) return { matches: [everything], problems: [] };
  const problems: Problem[] = [];
  const matches = rule.matches.map((match, i) => translateMatch(match, `${path}.matches[${i}]`, problems));
  return { matches, problems };
}

const everything: Match = {
  path: { kind: 'PathPrefix', value: '/' },
  headers: [],
  queryParams: [],
  cookies: [],
};

function translateMatch(match: GatewayRouteMatch, path: string, problems: Problem[]): Match {
  return {
    path: translatePath(match, `${path}.path.value`, problems),
    ...(match.method === undefined ? {} : { method: match.method }),
    // "If multiple entries specify equivalent header names, only the first entry with an equivalent name MUST be considered for a
    // match." Header names are case-insensitive, the others are not.
    headers: named(match.headers, `${path}.headers`, problems, (name) => name.toLowerCase()),
    queryParams: named(match.queryParams, `${path}.queryParams`, problems, (name) => name),
    cookies: named(match.cookies, `${path}.cookies`, problems, (name) => name),
  };
}

function translatePath({ path }: GatewayRouteMatch, at: string, problems: Problem[]): PathMatch {
  if (path.type === 'RegularExpression') {
    checkPattern(path.value, at, problems);
    return { kind: path.type, value: path.value };
  }
  const decoded = decode(path.value);
  if (decoded === undefined) {
    const message = `"${path.value}" is not valid percent-encoded UTF-8; write the characters themselves or correct the escape`;
    problems.push({ path: at, reason: 'UnsupportedValue', message });
    return { kind: path.type, value: path.value };
  }
  // "/foo/" as a prefix means the same as "/foo" (PathMatchPathPrefix: "a trailing / is ignored").
  const value = path.type === 'PathPrefix' ? decoded.replace(/\/+$/, '') || '/' : decoded;
  return { kind: path.type, value };
}

function named(
  specs: readonly NamedSpec[] | undefined,
  path: string,
  problems: Problem[],
  normalise: (name: string) => string,
): readonly NamedMatch[] {
  const matches = new Map<string, NamedMatch>();
  for (const [i, { type, name, value }] of (specs ?? []).entries()) {
    if (type === 'RegularExpression') checkPattern(value, `${path}[${i}].value`, problems);
    const key = normalise(name);
    if (!matches.has(key)) matches.set(key, { name: key, kind: type, value });
  }
  return [...matches.values()];
}

function checkPattern(pattern: string, path: string, problems: Problem[]): void {
  const wrong = patternMistake(pattern);
  if (wrong !== undefined) problems.push({ path, reason: 'UnsupportedValue', message: wrong });
}

// What a tenant writes runs on every request: only RE2, whose time is linear in the input (K6 of the threat list).
function patternMistake(pattern: string): string | undefined {
  try {
    return isHugePattern(pattern) || RE2JS.compile(pattern).programSize() > MaxProgram
      ? `"${pattern}" is too complex; use fewer or smaller repetitions`
      : undefined;
  } catch (error) {
    const reason = Error.isError(error) ? error.message : String(error);
    return `"${pattern}" is no RE2 regular expression: ${reason}; look-around and back-references do not exist there`;
  }
}

// Requests are compared by their canonical path, which is decoded: so is what they are compared with.
function decode(value: string): string | undefined {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
