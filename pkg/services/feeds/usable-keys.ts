/** What of a JWK Set (RFC 7517) can verify signatures. Used by the feed `jwks`. */
import { createPublicKey } from 'node:crypto';

export type Jwk = Readonly<Record<string, unknown>>;

const MaxKeys = 100;
const SmallestModulus = 2048;
/** Beyond it a signature costs more than a request is worth. */
const LargestModulus = 8192;
/** RFC 7518 6.2.2, 6.3.2 and 6.4.1, RFC 8037 2; and `priv` of draft-ietf-cose-dilithium. */
const privateMembers = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']);
const curves = new Set(['P-256', 'P-384', 'P-521']);

/**
 * RFC 7517 5: "Implementations SHOULD ignore JWKs within a JWK Set that use "kty" (key type) values that are not understood by them, that
 * are missing required members, or for which values are out of the supported ranges."
 * @throws an Error that says what is wrong with the whole
 */
export function usableKeys(document: unknown): readonly Jwk[] {
  const keys = isObject(document) ? document['keys'] : undefined;
  if (!Array.isArray(keys)) throw new Error('the answer is no JWK Set: it has no array "keys"');
  if (keys.length > MaxKeys) throw new Error(`the JWK Set has ${keys.length} keys; ${MaxKeys} are read`);
  return keys.flatMap((key: unknown) => (isObject(key) ? usable(withoutPrivate(key)) : []));
}

function withoutPrivate(key: Jwk): Jwk {
  return Object.fromEntries(Object.entries(key).filter(([name]) => !privateMembers.has(name)));
}

function usable(key: Jwk): readonly Jwk[] {
  const { kid, alg, use, key_ops: operations } = key;
  const named = [kid, alg].every((member) => member === undefined || typeof member === 'string');
  const signs = use === undefined || use === 'sig';
  const verifies = operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
  return named && signs && verifies && canVerify(key) ? [key] : [];
}

/** Symmetric keys (`oct`) never: what everybody can fetch signs nothing. */
function canVerify(key: Jwk): boolean {
  switch (key['kty']) {
    case 'RSA':
      return rsaHolds(key);
    case 'EC':
      return curves.has(String(key['crv'])) && imported(key) !== null;
    case 'OKP':
      return key['crv'] === 'Ed25519' && imported(key) !== null;
    default:
      return false;
  }
}

function rsaHolds(key: Jwk): boolean {
  // Looked at before anything computes with it.
  if (String(key['n']).length > LargestModulus / 4) return false;
  const details = imported(key)?.asymmetricKeyDetails;
  const { modulusLength = 0, publicExponent = 0n } = details ?? {};
  const exponentHolds = publicExponent >= 3n && publicExponent % 2n === 1n && publicExponent < 1n << 64n;
  return exponentHolds && modulusLength >= SmallestModulus && modulusLength <= LargestModulus;
}

/** null: its members are no key, as a point that is not on the curve. */
function imported(key: Jwk): ReturnType<typeof createPublicKey> | null {
  try {
    return createPublicKey({ key, format: 'jwk' });
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Jwk {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
