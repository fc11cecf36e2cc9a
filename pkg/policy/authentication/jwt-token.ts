/** A JWT as it came: taken apart and checked for its form, nothing believed. */
import { Buffer } from 'node:buffer';
import { MAX_KEY_ID } from './jwt-key.ts';

export interface Token {
  readonly text: string;
  readonly algorithm: string;
  /** `''`: the token names no key. */
  readonly keyId: string;
  /** `typ`, in lower case and without `application/`; `''` if there is none. */
  readonly type: string;
  /** Not verified. */
  readonly claims: Claims;
}

export type Claims = Readonly<Record<string, unknown>>;

/** Bytes. Gateways and backends limit a header field to 8 KiB or so; what is longer is an attack. */
export const MAX_TOKEN = 8192;

// RFC 7515 7.1: three parts in base64url without padding, line breaks or white space (section 2). A JWE has five parts.
const compact = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Header parameters that change what the other parts mean. Of them this gateway understands none, and RFC 7515 4.1.11 has it refuse. */
const MEANINGS = ['crit', 'b64', 'enc', 'zip'];

/** `foreign`: no JWT at all, so possibly another method's; null: a JWT that nobody should accept. */
export function parseToken(text: string): Token | 'foreign' | null {
  if (text.length > MAX_TOKEN || !compact.test(text)) return 'foreign';
  const [first = '', second = ''] = text.split('.');
  const header = parseObject(first);
  if (header === null) return 'foreign';
  const { alg, kid = '', typ = '', cty } = header;
  if (MEANINGS.some((name) => Object.hasOwn(header, name))) return null;
  // A nested JWT (RFC 7519 5.2): its claims are those of the token inside, which nobody has looked at.
  if (cty !== undefined && (typeof cty !== 'string' || mediaType(cty) === 'jwt')) return null;
  if (typeof alg !== 'string' || typeof kid !== 'string' || typeof typ !== 'string') return null;
  if (kid.length > MAX_KEY_ID) return null;
  const claims = parseObject(second);
  return claims === null ? null : { text, algorithm: alg, keyId: kid, type: mediaType(typ), claims };
}

/** RFC 7515 4.1.9: "omit an "application/" prefix"; media types are compared without case. */
export function mediaType(text: string): string {
  const lower = text.toLowerCase();
  return lower.startsWith('application/') ? lower.slice(12) : lower;
}

/** Of members that stand twice the last counts, as RFC 7515 4 and RFC 7519 4 allow. */
function parseObject(part: string): Claims | null {
  try {
    const value: unknown = JSON.parse(utf8.decode(Buffer.from(part, 'base64url')));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : null;
  } catch {
    return null;
  }
}
