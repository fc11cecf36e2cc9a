/** Keys that sign URLs and check them. The algorithm is the key's: what a URL says of it is never asked (RFC 8725 3.1). */
import { Buffer } from 'node:buffer';
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';

export interface VerifyingKey {
  /** Stands in what is signed. */
  readonly algorithm: 'HMACSHA256' | 'Ed25519';
  verifies(text: string, signature: string): boolean;
}

export interface SigningKey {
  readonly algorithm: VerifyingKey['algorithm'];
  /** base64url without padding. */
  sign(text: string): string;
}

/** Of a shared key, in characters: 256 bits of it, however they are written. */
export const MinSecretLength = 32;

/** The end of line that editors and `kubectl create secret --from-file` leave is no part of the key. */
export function secretOf(text: string): string {
  return text.replace(/\r?\n$/, '');
}

/** @param secret as its Secret or file has it */
export function hmacKey(secret: string): VerifyingKey & SigningKey {
  const key = createSecretKey(Buffer.from(secretOf(secret)));
  const mac = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  return {
    algorithm: 'HMACSHA256',
    verifies(text, signature) {
      const given = decode(signature, 32);
      return given !== null && timingSafeEqual(given, mac(text));
    },
    sign: (text) => mac(text).toString('base64url'),
  };
}

/** Throws on what is no public key of Ed25519. @param pem SubjectPublicKeyInfo */
export function ed25519PublicKey(pem: string): VerifyingKey {
  // Node takes the public half of a private key too, which has no business where public keys are.
  if (/PRIVATE KEY/.test(pem)) throw new Error('it is a private key');
  const key = ofEd25519(createPublicKey(pem));
  return {
    algorithm: 'Ed25519',
    verifies(text, signature) {
      const given = decode(signature, 64);
      return given !== null && verify(null, Buffer.from(text), key, given);
    },
  };
}

/** Throws on what is no private key of Ed25519. @param pem PKCS #8 */
export function ed25519PrivateKey(pem: string): SigningKey {
  const key = ofEd25519(createPrivateKey(pem));
  return { algorithm: 'Ed25519', sign: (text) => sign(null, Buffer.from(text), key).toString('base64url') };
}

function ofEd25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`it is a key of ${key.asymmetricKeyType}, not of Ed25519`);
  return key;
}

/** Strictly: one signature has one spelling. */
function decode(signature: string, length: number): Buffer | null {
  const bytes = Buffer.from(signature, 'base64url');
  return bytes.length === length && bytes.toString('base64url') === signature ? bytes : null;
}
