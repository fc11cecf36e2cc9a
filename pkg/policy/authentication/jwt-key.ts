/** Public keys as JWKs (RFC 7517): what may verify a token, and what must not. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { type AsymmetricAlgorithm, algorithmsOf } from './jwt-algorithm.ts';

export interface PublicKey {
  /** `''`: the key has no id, and is tried for every token. */
  readonly id: string;
  readonly algorithms: readonly AsymmetricAlgorithm[];
  readonly key: KeyObject;
}

/** The members of a JWK that are public, and read. Plain JSON. */
export type PublicJwk = Readonly<Record<string, unknown>>;

const PUBLIC_MEMBERS = ['kty', 'n', 'e', 'crv', 'x', 'y', 'kid', 'use', 'key_ops', 'alg'];
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

// Below 2048 bits: NIST SP 800-131A. Above 8192 one verification takes milliseconds: a key set must not be able to stall a worker.
const MIN_MODULUS = 2048;
const MAX_MODULUS = 8192;
// FIPS 186-5 A.1.1: 2^16 < e < 2^256; 3 is still met. With e = 1 every signature is its own message.
const MIN_EXPONENT = 3n;
const MAX_EXPONENT = 2n ** 32n;

export const MAX_KEY_ID = 256;

/** @returns why it cannot be used, where it cannot */
export function readPublicKey(jwk: unknown): PublicKey | string {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return 'is no JSON object';
  const members = jwk as Readonly<Record<string, unknown>>;
  const { kty, kid = '', use, key_ops: operations, alg } = members;
  if (kty === 'oct') return 'is a symmetric key; a shared secret belongs into sharedSecret';
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(members, name))) return 'holds a private key; give the public one';
  if (typeof kid !== 'string' || kid.length > MAX_KEY_ID) return 'has a kid that is no text of at most 256 characters';
  if (use !== undefined && use !== 'sig') return 'is not for signatures (use)';
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify')))
    return 'is not for verifying (key_ops)';
  const key = importKey(publicMembers(members));
  if (key === null) return 'is no RSA, EC or Ed25519 public key';
  const fitting = fittingAlgorithms(key);
  if (typeof fitting === 'string') return fitting;
  // RFC 7517 4.4: `alg` "identifies the algorithm intended for use with the key". A key for PS256 verifies nothing else.
  const allowed = alg === undefined ? fitting : fitting.filter((one) => one === (alg === 'Ed25519' ? 'EdDSA' : alg));
  if (allowed.length === 0) return `has an alg that does not fit it, or that is not supported: ${JSON.stringify(alg)}`;
  return { id: kid, algorithms: allowed, key };
}

export function publicMembers(jwk: PublicJwk): PublicJwk {
  return Object.fromEntries(PUBLIC_MEMBERS.filter((name) => jwk[name] !== undefined).map((name) => [name, jwk[name]]));
}

function importKey(jwk: PublicJwk): KeyObject | null {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return null;
  }
}

function fittingAlgorithms(key: KeyObject): readonly AsymmetricAlgorithm[] | string {
  const { modulusLength = 0, publicExponent = 0n, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') {
    if (modulusLength < MIN_MODULUS || modulusLength > MAX_MODULUS)
      return `has ${modulusLength} bits; from ${MIN_MODULUS} to ${MAX_MODULUS} are allowed`;
    if (publicExponent < MIN_EXPONENT || publicExponent > MAX_EXPONENT || publicExponent % 2n === 0n)
      return 'has a public exponent that is not safe; use 65537';
    return algorithmsOf('RSA');
  }
  if (key.asymmetricKeyType === 'ed25519') return algorithmsOf('Ed25519');
  const curve = curves.get(namedCurve);
  return curve === undefined ? 'is no RSA, P-256, P-384, P-521 or Ed25519 key' : algorithmsOf(curve);
}

/** OpenSSL's names. */
const curves: ReadonlyMap<string, string> = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
]);
