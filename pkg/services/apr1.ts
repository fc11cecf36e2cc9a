/**
 * Apache's own password hash (`htpasswd -m`, `$apr1$salt$hash`): a thousand rounds of MD5. Kept for files that exist; a new entry should be
 * bcrypt. The algorithm is FreeBSD's crypt-md5 with another prefix.
 */
import { hash as digest, timingSafeEqual } from 'node:crypto';

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Three bytes of the digest make four letters; the last is left over. */
const triples = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const;

/** @param hash `$apr1$salt$22 letters`; anything else matches nothing */
export function matchesApr1(password: string, hash: string): boolean {
  const [, salt, expected] = /^\$apr1\$([./0-9A-Za-z]{1,8})\$([./0-9A-Za-z]{22})$/.exec(hash) ?? [];
  if (salt === undefined || expected === undefined) return false;
  return timingSafeEqual(Buffer.from(apr1(Buffer.from(password), Buffer.from(salt))), Buffer.from(expected));
}

function apr1(password: Buffer, salt: Buffer): string {
  const inner = md5(password, salt, password);
  const parts = [password, Buffer.from('$apr1$'), salt];
  for (let left = password.length; left > 0; left -= 16) parts.push(inner.subarray(0, Math.min(16, left)));
  for (let bits = password.length; bits > 0; bits >>= 1)
    parts.push((bits & 1) === 1 ? Buffer.of(0) : password.subarray(0, 1));

  let final = md5(...parts);
  for (let round = 0; round < 1_000; round++) {
    const odd = (round & 1) === 1;
    const mixed = [odd ? password : final];
    if (round % 3 !== 0) mixed.push(salt);
    if (round % 7 !== 0) mixed.push(password);
    mixed.push(odd ? final : password);
    final = md5(...mixed);
  }
  const letters = triples.map(([a, b, c]) => encode((final[a]! << 16) | (final[b]! << 8) | final[c]!, 4));
  return letters.join('') + encode(final[11]!, 2);
}

function md5(...parts: readonly Uint8Array[]): Buffer {
  return digest('md5', Buffer.concat(parts), 'buffer');
}

/** Six bits each, the lowest first. */
function encode(value: number, letters: number): string {
  return Array.from({ length: letters }, (_, i) => alphabet[(value >> (6 * i)) & 63]).join('');
}
