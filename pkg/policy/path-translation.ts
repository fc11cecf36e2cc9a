/** The control-plane half of path rewrites, for redirect and rewrite: a PathModifier becomes a checked, escaped PathRewrite. */
import { RE2JS } from 're2js';
import type { GatewayRoutePathModifier, ReplaceRegularExpression } from '../api/gatewayroute.ts';
import type { PathRewrite } from './path-rewrite.ts';
import { isHugePattern } from './pattern-size.ts';
import { type Translated, unsupported } from './translated.ts';

/** Instructions of the compiled pattern: what one match step may cost. */
const MaxProgram = 2_000;

/** @param path where `modifier` stands in its object */
export function translatePath(modifier: GatewayRoutePathModifier, path: string): Translated<PathRewrite> {
  if (modifier.type === 'ReplaceRegularExpression')
    return regularExpression(modifier.replaceRegularExpression, `${path}.replaceRegularExpression`);
  if (modifier.type === 'ReplaceFullPath')
    return replacement('ReplaceFullPath', modifier.replaceFullPath, `${path}.replaceFullPath`);
  // "/prefix" replaced by nothing is what strips it: the same as replacing it by the root.
  return replacement('ReplacePrefixMatch', modifier.replacePrefixMatch || '/', `${path}.replacePrefixMatch`);
}

function replacement(
  kind: 'ReplaceFullPath' | 'ReplacePrefixMatch',
  value: string,
  path: string,
): Translated<PathRewrite> {
  if (!value.startsWith('/')) return [unsupported(path, `"${value}" must start with a slash; write "/${value}"`)];
  if (/[?#]/.test(value))
    return [unsupported(path, `"${value}" holds ? or #; write the path alone, the query of the request is kept`)];
  if (!isClean(value))
    return [
      unsupported(
        path,
        `"${value}" holds a dot segment, a backslash or a control character; write the path that is meant`,
      ),
    ];
  return { kind, value: escapePath(value) };
}

function regularExpression(spec: ReplaceRegularExpression, path: string): Translated<PathRewrite> {
  const { pattern, substitution } = spec;
  const complex = unsupported(`${path}.pattern`, `"${pattern}" is too complex; use fewer or smaller repetitions`);
  if (isHugePattern(pattern)) return [complex];
  const compiled = compile(pattern);
  if (typeof compiled === 'string')
    return [
      unsupported(
        `${path}.pattern`,
        `"${pattern}" is no RE2 regular expression: ${compiled}; look-around and back-references do not exist there`,
      ),
    ];
  if (compiled.programSize() > MaxProgram) return [complex];

  // The path is matched decoded, and escaped again when it is forwarded: an escape written here would be escaped twice.
  if (/[?#%]/.test(substitution) || !isClean(substitution))
    return [
      unsupported(
        `${path}.substitution`,
        `"${substitution}" is no plain path; write it without ?, #, %, backslash and dot segments, with $0 to $9 for what was matched`,
      ),
    ];
  const beyond = [...substitution.matchAll(/\$(?:\$|([0-9]))/g)].find(
    (match) => Number(match[1] ?? 0) > compiled.groupCount(),
  );
  if (beyond !== undefined)
    return [
      unsupported(`${path}.substitution`, `${beyond[0]} is used, but the pattern has ${compiled.groupCount()} groups`),
    ];
  return { kind: 'ReplaceRegularExpression', pattern, substitution };
}

function compile(pattern: string): RE2JS | string {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    return Error.isError(error) ? error.message : String(error);
  }
}

// The proxy checks a rewritten path again; here the user learns of it before the first request does.
function isClean(path: string): boolean {
  if (/[\p{Cc}\\]|%(?:[01][0-9a-f]|7f|5c)/iu.test(path)) return false;
  return !path.split(/\/|%2f/i).some((segment) => /^(?:\.|%2e){1,2}(?:;.*)?$/i.test(segment));
}

// RFC 3986 3.3: pchar and the slash stand as they are, and so do escapes that are already there.
function escapePath(path: string): string {
  return path.replace(/%[0-9a-f]{2}|%|[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]+/gi, (part) =>
    /^%[0-9a-f]{2}$/i.test(part) ? part : encodeURIComponent(part.toWellFormed()),
  );
}
