/**
 * The canonical form of a URL that is signed, for those who sign and for the filter. What is signed is what the backend will get: the path in
 * its escaped form with dot segments removed, not a decoded one, which would let `%2F` stand for `/`.
 */

/** Parameters of the query that belong to the signature. Others that begin with `su-` are refused. */
export const reserved = 'su-';
/** The one of them that makes a URL valid: who reads it may use it. */
export const SignatureParam = 'su-signature';

export interface Grant {
  /** `su-key`. */
  readonly keyId: string;
  /** `su-expires`: seconds since the epoch; valid before. */
  readonly expires: string;
  /** `su-not-before`: the same; valid from then on. `''` for at once. */
  readonly notBefore: string;
  /** `su-prefix`: the path and everything below it, whatever the query. `''` for the path of the URL alone, with its query. */
  readonly prefix: string;
  /** `su-method`; `''` for GET and HEAD. */
  readonly method: string;
  /** `su-ip`: address or CIDR of the client; `''` for any. */
  readonly ip: string;
}

const fields = {
  'su-key': 'keyId',
  'su-expires': 'expires',
  'su-not-before': 'notBefore',
  'su-prefix': 'prefix',
  'su-method': 'method',
  'su-ip': 'ip',
  [SignatureParam]: 'signature',
} as const satisfies Readonly<Record<string, keyof Grant | 'signature'>>;

export interface SignedQuery {
  readonly grant: Grant;
  /** `su-signature`. */
  readonly signature: string;
  /** All other parameters, sorted by name; those of one name in their order. */
  readonly canonical: string;
  /** The same as they came: what the backend gets. Without the question mark. */
  readonly rest: string;
}

/** Nobody signs more, and sorting them costs. */
const MaxParams = 256;

/**
 * @param query with or without the question mark
 * @returns null where a parameter of the signature is there twice, is unknown, or is missing although every URL has it
 */
export function readSignedQuery(query: string): SignedQuery | null {
  const found: { -readonly [K in keyof Grant | 'signature']?: string } = {};
  const rest: string[] = [];
  const parts = partsOf(query);
  if (parts.length > MaxParams) return null;
  for (const part of parts) {
    const normal = normalizePercent(part);
    if (!normal.startsWith(reserved)) {
      rest.push(part);
      continue;
    }
    const equals = normal.indexOf('=');
    const name = equals < 0 ? normal : normal.slice(0, equals);
    if (!Object.hasOwn(fields, name)) return null;
    const field = fields[name as keyof typeof fields];
    // Two of them would let two readers see two grants; an empty one is none.
    if (found[field] !== undefined || equals < 0 || equals === normal.length - 1) return null;
    found[field] = normal.slice(equals + 1);
  }
  const { keyId, expires, signature, notBefore = '', prefix = '', method = '', ip = '' } = found;
  if (keyId === undefined || expires === undefined || signature === undefined) return null;
  return {
    grant: { keyId, expires, notBefore, prefix, method, ip },
    signature,
    canonical: canonicalQuery(rest),
    rest: rest.join('&'),
  };
}

/** Parameters of a query that is to be signed, as `SignedQuery.canonical` has them. */
export function canonicalQueryOf(query: string): string {
  return canonicalQuery(partsOf(query));
}

function partsOf(query: string): readonly string[] {
  return (query.startsWith('?') ? query.slice(1) : query).split('&').filter((part) => part !== '');
}

function canonicalQuery(parts: readonly string[]): string {
  const named = parts.map(normalizePercent).map((part) => ({ part, name: part.split('=', 1)[0]! }));
  // Stable: `a=1&a=2` is another query than `a=2&a=1`.
  return named
    .sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)))
    .map(({ part }) => part)
    .join('&');
}

// RFC 3986 6.2.2: what is the same to everybody. `+` and `%20`, `;` and `%3B` are not.
export function normalizePercent(text: string): string {
  if (!text.includes('%')) return text;
  return text.replaceAll(/%[0-9a-f]{2}/gi, (escape) => {
    const char = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return /[A-Za-z0-9._~-]/.test(char) ? char : escape.toUpperCase();
  });
}

export interface SignedParts {
  /** Name of the algorithm, which the key has and no URL. */
  readonly algorithm: string;
  /** Lower case, without port. */
  readonly host: string;
  /** Escaped, without dot segments (`forwardPath`). */
  readonly path: string;
  /** Of the parameters that are not the signature's. */
  readonly query: string;
  readonly grant: Grant;
}

/** What is signed. No part holds a line break: all are visible ASCII, or were checked. */
export function stringToSign({ algorithm, host, path, query, grant }: SignedParts): string {
  const { keyId, prefix, method, notBefore, expires, ip } = grant;
  const what = prefix === '' ? ['exact', normalizePercent(path), query] : ['prefix', prefix, ''];
  return ['suuupra-signed-url-1', algorithm, keyId, host, ...what, method, notBefore, expires, ip].join('\n');
}

/** Whether a path is the prefix or below it. Both escaped. */
export function isBelow(path: string, prefix: string): boolean {
  const normal = normalizePercent(path);
  if (!normal.startsWith(prefix)) return false;
  return prefix.endsWith('/') || normal.length === prefix.length || normal[prefix.length] === '/';
}
