/**
 * The one canonical path: made once per request by the proxy, and compared by matches, policies and logs. What is forwarded comes from the same place,
 * so that no backend can read a path other than the one that was judged.
 */
import type { PathSettings } from '../ir/settings.ts';

export interface CanonicalPath {
  /** What goes upstream: the client's bytes, unless decoding unreserved characters and removing dot segments changed them. */
  readonly forward: string;
  /** What is compared: all else decoded once as UTF-8, slashes merged. */
  readonly canonical: string;
  /** As what else backends may take it, and must not be served by another rule: see `ambiguous.ts`. Nearly always none. */
  readonly readings: readonly string[];
}

/** What a class without settings of its own has. */
export const defaultPathSettings: PathSettings = {
  escapedSlashes: 'Separate',
  mergeSlashes: true,
  parameters: 'RejectAmbiguous',
  doubleEscapes: 'RejectAmbiguous',
};

export const noReadings: readonly string[] = [];

// Anything that canonicalPath would look at: an escape, a backslash, parameters, an empty segment, or one that begins with a dot.
const unusual = /[%\\;]|\/[/.]/;

/** Whether `path` is its own canonical form, which nearly every path is: no object is made then. */
export function isPlainPath(path: string): boolean {
  return !unusual.test(path);
}

/**
 * @param path starts with `/`, visible ASCII, without query
 * @returns 'path-invalid' (400) if it holds what another parser may read as another path
 */
export function canonicalPath(path: string, settings: PathSettings): CanonicalPath | 'path-invalid' {
  if (isPlainPath(path)) return { forward: path, canonical: path, readings: noReadings };
  // RFC 3986 6.2.2.2: "percent-encoded octets [of unreserved characters] should be normalized by decoding", 6.2.2.3: dot segments are removed.
  const plain = path.replace(/%[0-9A-Fa-f]{2}/g, unreservedOnly);
  const forward = removeDotSegments(plain);
  if (settings.escapedSlashes === 'Reject' && /%2f/i.test(plain)) return 'path-invalid';
  // What `..` takes away is judged like the rest: `/%zz/..` and `/%00/..` are paths that other parsers refuse.
  if (forward !== plain && decodeClean(plain.replace(/\/\.{1,2}(?=\/|$)/g, ''), settings) === null)
    return 'path-invalid';
  const decoded = decodeClean(forward, settings);
  if (decoded === null) return 'path-invalid';
  if (settings.parameters === 'Reject' && decoded.includes(';')) return 'path-invalid';
  if (settings.doubleEscapes === 'Reject' && decodeAgain(decoded, settings) !== decoded) return 'path-invalid';
  // RFC 3986 3.3 gives them a meaning where they are not escaped: `%3B` is data.
  const bare = forward.includes(';') ? decode(withoutParameters(forward), settings) : decoded;
  if (bare === null) return 'path-invalid';
  const canonical = merged(settings.parameters === 'Ignore' ? bare : decoded, settings);
  return { forward, canonical, readings: readingsOf(canonical, bare, settings) };
}

/**
 * Whether a path that a rewrite made may be forwarded: it must be what a client may send, and hold no dot segment, since the rule
 * that was matched was matched for another path (CVE-2026-65600: a rewrite to `/../`).
 * @param path escaped, without query
 */
export function isForwardable(path: string, settings: PathSettings): boolean {
  if (!/^\/[!-~]*$/.test(path) || /[?#]/.test(path)) return false;
  if (isPlainPath(path)) return true;
  return (
    !isDangerous(path.replace(/%[0-9A-Fa-f]{2}/g, unreservedOnly)) && canonicalPath(path, settings) !== 'path-invalid'
  );
}

/** @returns the path decoded once, or null if another parser may read it as another path */
function decodeClean(path: string, settings: PathSettings): string | null {
  const decoded = decode(path, settings);
  // Once more for checking only: a backend that decodes twice, or after matching, must not find another path.
  return decoded === null || isDangerous(decoded) || isDangerous(decodeDangerous(decoded)) ? null : decoded;
}

/**
 * The path without parameters, decoded once more, and both, as far as the settings do not call them data.
 * @param bare the path that lost its parameters before it was decoded
 */
function readingsOf(canonical: string, bare: string, settings: PathSettings): readonly string[] {
  if (!canonical.includes(';') && !canonical.includes('%')) return noReadings;
  let paths = settings.parameters === 'Data' ? [canonical] : [canonical, bare];
  if (settings.doubleEscapes !== 'Data') paths = [...paths, ...paths.map((path) => decodeAgain(path, settings))];
  if (settings.parameters !== 'Data') paths = [...paths, ...paths.map(withoutParameters)];
  const readings = new Set(paths.map((path) => merged(path, settings)));
  readings.delete(canonical);
  return readings.size === 0 ? noReadings : [...readings];
}

// Not all or nothing, as `decode` is: lenient decoders leave what is no escape. An escaped slash that is data looks like `%2F`, and stays.
function decodeAgain(path: string, { escapedSlashes }: PathSettings): string {
  const escapes = escapedSlashes === 'Data' ? /(?:%(?!2F)[0-9A-Fa-f]{2})+/g : /(?:%[0-9A-Fa-f]{2})+/g;
  return path.replace(escapes, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString());
}

function withoutParameters(path: string): string {
  return path.replace(/;[^/]*/g, '');
}

function merged(path: string, { mergeSlashes }: PathSettings): string {
  return mergeSlashes ? path.replace(/\/{2,}/g, '/') : path;
}

function unreservedOnly(escape: string): string {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return /[A-Za-z0-9\-._~]/.test(character) ? character : escape;
}

/** RFC 3986 5.2.4, for absolute paths. */
function removeDotSegments(path: string): string {
  if (!path.includes('/.')) return path;
  const segments = path.split('/');
  const kept: string[] = [];
  for (const [i, segment] of segments.entries()) {
    const last = i === segments.length - 1;
    if (segment !== '.' && segment !== '..') kept.push(segment);
    // The first element is the empty text before the leading slash, and stays.
    else if (segment === '..' && kept.length > 1) kept.pop();
    if (last && segment !== kept.at(-1) && (segment === '.' || segment === '..')) kept.push('');
  }
  return kept.length === 1 ? '/' : kept.join('/');
}

/** null if an escape is broken or the bytes are no UTF-8 (overlong forms such as `%C0%AE` are none). */
function decode(path: string, { escapedSlashes }: PathSettings): string | null {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(escapedSlashes === 'Data' ? path.replace(/%2f/gi, '%252F') : path);
  } catch {
    return null;
  }
}

/** Decodes what `isDangerous` looks for, and leaves everything else, broken escapes included. */
function decodeDangerous(path: string): string {
  if (!path.includes('%')) return path;
  return path.replace(/%(?:2[ef]|5c|3b|00|0[ad])/gi, (escape) =>
    String.fromCharCode(Number.parseInt(escape.slice(1), 16)),
  );
}

/** A dot segment, one with parameters (`..;x`: Java servers drop the parameters, then resolve), a backslash, NUL, CR or LF. */
function isDangerous(path: string): boolean {
  // oxlint-disable-next-line no-control-regex -- these very characters
  return /\/\.{1,2}(?:[/;]|$)|[\\\0\r\n]/.test(path);
}
