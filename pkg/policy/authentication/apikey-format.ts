/**
 * What an API key looks like: `gwk_<id>_<secret><checksum>`. The prefix is for people and for scanners of leaked secrets, the id says
 * which key it is, the secret is 256 random bits, and the checksum lets scanners and the gateway drop what is no key without looking it up.
 * Only the SHA-256 of the whole is kept: 256 random bits need no slow hash.
 */
import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 62^43 > 2^256. */
const SECRET = 43;
/** 62^6 > 2^32. */
const CHECKSUM = 6;
const SECRET_BYTES = 32;
/** Of `shape`. */
export const MaxKeyLength = 16 + 1 + 32 + 1 + SECRET + CHECKSUM;
const shape = /^[a-z][a-z0-9]{0,15}_([a-z0-9]{4,32})_[0-9A-Za-z]{49}$/;

/** @returns the id of what has the form of a key and a right checksum; null for anything else */
export function keyIdOf(key: string): string | null {
  const id = shape.exec(key)?.[1];
  if (id === undefined) return null;
  const end = key.length - CHECKSUM;
  return valueOf(key, end) === crc32(key.slice(0, end)) ? id : null;
}

export interface NewKey {
  /** Lower-case letters and digits, at most 16, a letter first. */
  readonly prefix: string;
  readonly id: string;
  /** `crypto.randomBytes`. */
  readonly random: (size: number) => Uint8Array;
}

export function createKey({ prefix, id, random }: NewKey): string {
  const body = `${prefix}_${id}_${base62(BigInt(`0x${Buffer.from(random(SECRET_BYTES)).toString('hex')}`), SECRET)}`;
  const key = body + checksumOf(body);
  if (keyIdOf(key) !== id) throw new RangeError(`no key can have the prefix ${prefix} and the id ${id}`);
  return key;
}

/** As `spec.keys[].hash` of an APIKey has it. */
export function hashOfKey(key: string): string {
  return `sha256:${hash('sha256', key, 'hex')}`;
}

/** The number that the digits from `at` on are. Without a table or BigInt: every request with a key comes here. */
function valueOf(text: string, at: number): number {
  let value = 0;
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // 0-9, A-Z, a-z: their codes less the digits' values.
    value = value * 62 + code - (code < 58 ? 48 : code < 91 ? 55 : 61);
  }
  return value;
}

function checksumOf(body: string): string {
  return base62(BigInt(crc32(body)), CHECKSUM);
}

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest /= 62n) text = digits.charAt(Number(rest % 62n)) + text;
  return text;
}
