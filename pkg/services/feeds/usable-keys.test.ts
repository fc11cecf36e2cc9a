/** Which keys of a set may verify signatures, and what is left of them. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { usableKeys } from './usable-keys.ts';

const jwk = (key: KeyObject) => key.export({ format: 'jwk' }) as Record<string, unknown>;
const rsa = (modulusLength: number) => jwk(generateKeyPairSync('rsa', { modulusLength }).publicKey);
const ec = (namedCurve: string) => jwk(generateKeyPairSync('ec', { namedCurve }).publicKey);

const good = {
  rsa: rsa(2048),
  p256: ec('P-256'),
  p521: ec('P-521'),
  ed: jwk(generateKeyPairSync('ed25519').publicKey),
};

test.each<[string, Record<string, unknown>]>([
  ['RSA of 2048 bit', good.rsa],
  ['EC P-256', good.p256],
  ['EC P-521', good.p521],
  ['Ed25519', good.ed],
  ['for signatures', { ...good.p256, kid: 'a', alg: 'ES256', use: 'sig', key_ops: ['verify'], x5t: 'kept' }],
])('keeps %s as it came', (_name, key) => {
  expect(usableKeys({ keys: [key] })).toEqual([key]);
});

test.each<[string, unknown]>([
  ['no object', 'key'],
  ['an array', []],
  ['null', null],
  ['no type', { kid: 'a' }],
  ['an unknown type', { kty: 'XYZ' }],
  ['a shared secret', { kty: 'oct', k: 'AAAA', alg: 'HS256' }],
  ['RSA of 1024 bit', rsa(1024)],
  ['RSA of many bits', { ...good.rsa, n: `w${'A'.repeat(4000)}` }],
  ['RSA with the exponent 1', { ...good.rsa, e: 'AQ' }],
  ['RSA with the exponent 2', { ...good.rsa, e: 'Ag' }],
  ['RSA with an even exponent', { ...good.rsa, e: 'AQAC' }],
  ['RSA with a huge exponent', { ...good.rsa, e: 'AQAAAAAAAAAAAQ' }],
  ['RSA without a modulus', { kty: 'RSA', e: 'AQAB' }],
  ['a point beside the curve', { ...good.p256, y: good.p256['x'] }],
  ['another curve', ec('secp256k1')],
  ['X25519', jwk(generateKeyPairSync('x25519').publicKey)],
  ['for encryption', { ...good.rsa, use: 'enc' }],
  ['for wrapping', { ...good.rsa, key_ops: ['wrapKey'] }],
  ['a kid that is a number', { ...good.rsa, kid: 1 }],
  ['an algorithm that is a list', { ...good.rsa, alg: ['RS256'] }],
])('leaves out %s', (_name, key) => {
  expect(usableKeys({ keys: [good.p256, key] })).toEqual([good.p256]);
});

test('takes private members off', () => {
  const keys = [
    jwk(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
    jwk(generateKeyPairSync('ed25519').privateKey),
  ];
  expect(usableKeys({ keys }).map((key) => Object.keys(key).sort())).toEqual([
    ['e', 'kty', 'n'],
    ['crv', 'kty', 'x'],
  ]);
});

test('an issuer may have no keys', () => {
  expect(usableKeys({ keys: [] })).toEqual([]);
});
