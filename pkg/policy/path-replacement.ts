/** The data-plane half of path rewrites, for the redirect and rewrite filters. */
import { RE2JS } from 're2js';
import type { PathRewrite } from './path-rewrite.ts';
import type { Exchange } from './runtime.ts';

/** Of a path that a regular expression made: a short pattern can match thousands of times. */
const MaxPath = 16_384;

/** @returns the new path in escaped form, without query; `''` if it would be longer than 16 KiB */
export type PathReplacement = (exchange: Exchange) => string;

export function createPathReplacement(rewrite: PathRewrite): PathReplacement {
  if (rewrite.kind === 'ReplaceFullPath') return () => rewrite.value;
  if (rewrite.kind === 'ReplacePrefixMatch') return replacePrefix(rewrite.value);
  return replaceRegularExpression(RE2JS.compile(rewrite.pattern), partsOf(rewrite.substitution));
}

function replacePrefix(value: string): PathReplacement {
  // "/prefix/" and "/prefix" replace alike, and "/" replaces by nothing: never two slashes, and never an empty path.
  const base = value.endsWith('/') ? value.slice(0, -1) : value;
  return ({ request, matchedPrefix }) =>
    matchedPrefix === '' ? request.forwardPath : base + restOf(request.forwardPath, matchedPrefix) || '/';
}

/** Behind the prefix: `''`, or a path that starts with a slash. */
function restOf(path: string, prefix: string): string {
  if (prefix === '/') return path;
  if (path.startsWith(prefix) && continues(path, prefix.length)) return fromSlash(path.slice(prefix.length));
  const rest = path.slice(parametersEnd(path, escapedLength(path, prefix)));
  if (!continues(rest, 0))
    throw new Error(`the path ${path} was matched by ${prefix}, but does not continue with a slash`);
  return fromSlash(rest);
}

/** Whether the path ends at `at` or goes on with a slash; routing reads an escaped one as a separator, too. */
function continues(path: string, at: number): boolean {
  return at === path.length || path[at] === '/' || /^%2f/i.test(path.slice(at, at + 3));
}

function fromSlash(rest: string): string {
  return rest === '' || rest.startsWith('/') ? rest : `/${rest.slice(3)}`;
}

/**
 * How many characters of the escaped path spell the prefix, which is decoded and has its slashes merged.
 * Only for paths with escapes or repeated slashes inside of the prefix.
 */
function escapedLength(path: string, prefix: string): number {
  let at = 0;
  let matched = 0;
  while (matched < prefix.length) {
    const run = /^(?:%[0-9a-f]{2})+/i.exec(path.slice(at))?.[0];
    if (run === undefined) {
      const char = path[at];
      if (char === prefix[matched]) matched++;
      else if (char === ';') {
        at = parametersEnd(path, at);
        continue;
      } else if (char !== '/' || prefix[matched - 1] !== '/') break;
      at++;
      continue;
    }
    // An escaped slash that routing took for data stands in the prefix as it is, in upper case.
    if (/^%2f/i.test(run) && prefix.startsWith('%2F', matched)) {
      at += 3;
      matched += 3;
      continue;
    }
    const taken = escapedRun(run, prefix, matched);
    at += taken.escapes * 3;
    matched += taken.characters;
    if (taken.escapes === 0) break;
  }
  if (matched < prefix.length)
    throw new Error(`the path ${path} does not start with the prefix ${prefix} that matched it`);
  return at;
}

/** Where the segment that has parameters from `at` on ends; `at` if it has none there. Only where routing ignores them can one stand inside of a prefix. */
function parametersEnd(path: string, at: number): number {
  if (path[at] !== ';') return at;
  const slash = path.indexOf('/', at);
  return slash < 0 ? path.length : slash;
}

/** The longest start of an escaped run that decodes to what stands in the prefix. */
function escapedRun(run: string, prefix: string, matched: number): { escapes: number; characters: number } {
  const bytes = Buffer.from(run.replaceAll('%', ''), 'hex');
  for (let escapes = bytes.length; escapes > 0; escapes--) {
    const text = bytes.toString('utf8', 0, escapes).replace(/\/+/g, '/');
    const merged =
      text.startsWith('/') && prefix[matched - 1] === '/' && prefix[matched] !== '/' ? text.slice(1) : text;
    if (prefix.startsWith(merged, matched)) return { escapes, characters: merged.length };
  }
  return { escapes: 0, characters: 0 };
}

type Part = string | number;

// Not re2js' own replacement syntax, which gives `$&` and a dollar before quotes a meaning.
function partsOf(substitution: string): readonly Part[] {
  return substitution
    .split(/(\$[$0-9])/)
    .map((part) => (part === '$$' ? '$' : /^\$[0-9]$/.test(part) ? Number(part[1]) : part));
}

function replaceRegularExpression(pattern: RE2JS, parts: readonly Part[]): PathReplacement {
  return ({ request }) => {
    const { path } = request;
    const matcher = pattern.matcher(path);
    if (!matcher.find()) return request.forwardPath;
    let result = '';
    let at = 0;
    do {
      result += path.slice(at, matcher.start());
      for (const part of parts) result += typeof part === 'string' ? part : (matcher.group(part) ?? '');
      at = matcher.end();
      if (result.length > MaxPath) return '';
    } while (matcher.find());
    const escaped = escapePath(result + path.slice(at));
    if (escaped.length > MaxPath) return '';
    return escaped.startsWith('/') ? escaped : `/${escaped}`;
  };
}

// RFC 3986 3.3: pchar and the slash stand as they are.
function escapePath(path: string): string {
  return path.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/]+/g, (part) => encodeURIComponent(part.toWellFormed()));
}
