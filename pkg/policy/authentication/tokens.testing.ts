/** Tokens for tests, written by hand: a library would not write what an attacker does. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { PublicJwk } from './jwt-key.ts';

export interface TestKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export const rsa: TestKey = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const ec: TestKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const ec384: TestKey = generateKeyPairSync('ec', { namedCurve: 'P-384' });
export const ed25519: TestKey = generateKeyPairSync('ed25519');

export function jwkOf({ publicKey }: TestKey, more: Readonly<Record<string, unknown>> = {}): PublicJwk {
  return { ...publicKey.export({ format: 'jwk' }), ...more };
}

export function pemOf({ publicKey }: TestKey): string {
  return publicKey.export({ format: 'pem', type: 'spki' });
}

export function base64url(value: string | Uint8Array): string {
  return Buffer.from(value).toString('base64url');
}

/** A text is taken as it is; anything else becomes JSON. */
export function part(value: unknown): string {
  return base64url(typeof value === 'string' ? value : JSON.stringify(value));
}

/** @param algorithm how it is really signed, whatever the header says */
export function signature(input: string, algorithm: string, key: KeyObject | string): Buffer {
  const digest = `sha${algorithm.slice(2)}`;
  const bytes = Buffer.from(input);
  switch (algorithm.slice(0, 2)) {
    case 'HS':
      return createHmac(digest, key).update(bytes).digest();
    case 'RS':
      return sign(digest, bytes, key);
    case 'PS':
      return sign(digest, bytes, { key: key as KeyObject, padding: 6, saltLength: Number(algorithm.slice(2)) / 8 });
    case 'ES':
      return sign(digest, bytes, { key: key as KeyObject, dsaEncoding: 'ieee-p1363' });
    default:
      return sign(null, bytes, key);
  }
}

export function token(
  header: unknown,
  claims: unknown,
  algorithm = 'RS256',
  key: KeyObject | string = rsa.privateKey,
): string {
  const input = `${part(header)}.${part(claims)}`;
  return `${input}.${base64url(signature(input, algorithm, key))}`;
}

/** 2026-01-01T00:00:00Z, in seconds: what clocks say in these tests. */
export const NOW = 1_767_225_600;

/** What a good token says. */
export const claims = { iss: 'https://issuer.test/', sub: 'ada', aud: 'orders', exp: NOW + 300, iat: NOW - 10 };
export const header = { alg: 'RS256', kid: 'a', typ: 'JWT' };
