/** One match of a rule, compiled: whether a request fits it. Everything but the path is asked here; the path is looked up in `paths.ts`. */
import type { Match, NamedMatch, PathMatch } from '../ir/route.ts';
import type { MatchInput, RuntimeRule } from './table.ts';

/** A compiled RE2 pattern. */
export interface Pattern {
  /** Whether the whole of `text` matches. */
  test(text: string): boolean;
}

export interface CompiledMatch {
  readonly rule: RuntimeRule;
  readonly match: Match;
  /** Index in the rule. */
  readonly index: number;
  readonly path: PathMatch;
  /** Of a RegularExpression path. */
  readonly pathPattern: Pattern | null;
  /** `.example.com` if the host must have exactly one label before it; else `''`. */
  readonly oneLabelSuffix: string;
  readonly method: string | null;
  readonly headers: readonly NamedTest[] | null;
  readonly queryParams: readonly NamedTest[] | null;
  readonly cookies: readonly NamedTest[] | null;
}

export interface NamedTest {
  readonly name: string;
  readonly exact: string;
  /** Instead of `exact`. */
  readonly pattern: Pattern | null;
}

export function compileMatch(
  match: Match,
  index: number,
  rule: RuntimeRule,
  pattern: (source: string) => Pattern,
): CompiledMatch {
  const named = (tests: readonly NamedMatch[]): readonly NamedTest[] | null =>
    tests.length === 0
      ? null
      : tests.map(({ name, kind, value }) => ({
          name,
          exact: value,
          pattern: kind === 'Exact' ? null : pattern(value),
        }));
  return {
    rule,
    match,
    index,
    path: match.path,
    pathPattern: match.path.kind === 'RegularExpression' ? pattern(match.path.value) : null,
    oneLabelSuffix: '',
    method: match.method ?? null,
    headers: named(match.headers),
    queryParams: named(match.queryParams),
    cookies: named(match.cookies),
  };
}

export type Misfit = 'hostname' | 'method' | 'header' | 'query' | 'cookie';

/** Which part of a match a request does not fit; null if it fits. The path, and that the pattern covers the host, are taken as given. */
export function misfit(match: CompiledMatch, request: MatchInput): Misfit | null {
  if (match.oneLabelSuffix !== '' && request.host.indexOf('.') !== request.host.length - match.oneLabelSuffix.length) {
    return 'hostname';
  }
  if (match.method !== null && match.method !== request.method) return 'method';
  if (match.headers !== null) {
    for (let i = 0; i < match.headers.length; i++) {
      const test = match.headers[i]!;
      if (!holds(test, request.header(test.name))) return 'header';
    }
  }
  if (match.queryParams !== null) {
    for (let i = 0; i < match.queryParams.length; i++) {
      const test = match.queryParams[i]!;
      if (!holds(test, request.queryParam(test.name))) return 'query';
    }
  }
  if (match.cookies !== null) {
    for (let i = 0; i < match.cookies.length; i++) {
      const test = match.cookies[i]!;
      if (!holds(test, request.cookie(test.name))) return 'cookie';
    }
  }
  return null;
}

/** The first of `matches`, sorted by precedence, that `request` fits; its path was looked up already. */
export function firstFit(matches: readonly CompiledMatch[], request: MatchInput): CompiledMatch | null {
  for (let i = 0; i < matches.length; i++) {
    const match = matches[i]!;
    if (misfit(match, request) === null) return match;
  }
  return null;
}

/** Whether the path alone fits. */
export function fitsPath({ path, pathPattern }: CompiledMatch, requestPath: string): boolean {
  if (path.kind === 'Exact') return requestPath === path.value;
  if (path.kind === 'RegularExpression') return pathPattern !== null && pathPattern.test(requestPath);
  // Segment by segment: `/v2` covers `/v2` and `/v2/a`, but not `/v2example`.
  const prefix = trimSlash(path.value);
  return requestPath.startsWith(prefix) && (requestPath.length === prefix.length || requestPath[prefix.length] === '/');
}

/** `/a/` → `/a`, `/` → ``. */
export function trimSlash(prefix: string): string {
  return prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
}

function holds(test: NamedTest, value: string | undefined): boolean {
  if (value === undefined) return false;
  return test.pattern === null ? value === test.exact : test.pattern.test(value);
}
