/** Keys that stand in an object: a JWK set, one JWK, or PEM blocks → public JWKs. Part of the control plane. */
import { createPublicKey } from 'node:crypto';
import { type PublicJwk, publicMembers, readPublicKey } from './jwt-key.ts';

const MAX_KEYS = 64;
const block = /-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----/g;

/** @returns what is wrong, as a text that says what to write instead */
export function readLocalKeys(text: string): readonly PublicJwk[] | string {
  const keys = text.trimStart().startsWith('{') ? jsonKeys(text) : pemKeys(text);
  if (typeof keys === 'string') return keys;
  if (keys.length === 0) return 'holds no key; write a JWK set {"keys": […]} or PEM blocks -----BEGIN PUBLIC KEY-----';
  if (keys.length > MAX_KEYS) return `holds ${keys.length} keys; at most ${MAX_KEYS} are allowed`;
  for (const [i, key] of keys.entries()) {
    const read = readPublicKey(key);
    if (typeof read === 'string') return `key ${i + 1} ${read}`;
  }
  return keys.map((key) => publicMembers(key));
}

function jsonKeys(text: string): readonly PublicJwk[] | string {
  try {
    const value = JSON.parse(text) as PublicJwk;
    if (value.keys === undefined) return [value];
    return Array.isArray(value.keys) ? value.keys : 'has keys that are no list';
  } catch {
    return 'is no JSON; write it as text, in quotes or as a block: a YAML map would lose members such as n and y';
  }
}

function pemKeys(text: string): readonly PublicJwk[] | string {
  const keys: PublicJwk[] = [];
  for (const [pem, label = ''] of text.matchAll(block)) {
    if (label.endsWith('PRIVATE KEY')) return `key ${keys.length + 1} holds a private key; give the public one`;
    try {
      keys.push(createPublicKey(pem).export({ format: 'jwk' }) as PublicJwk);
    } catch {
      return `the PEM block ${keys.length + 1} (${label}) is no public key or certificate that can be read`;
    }
  }
  return keys;
}
