/** The Connection field (RFC 9110 7.6.1): what it says about this connection, and which other fields end with it. Used by proxy and upstream. */
import { type Head, isTokenByte } from './head.ts';
import { equalsLower, Known } from './known.ts';

/** Bits of `connectionOptions`. */
export const Close = 1;
export const KeepAlive = 2;
export const Upgrade = 4;
/** Names fields beyond the hop-by-hop names that are dropped anyway: ask `isNamed` of each field before forwarding it. */
export const NamesOthers = 8;
/** Not a list of tokens, or more than MaxOthers names: 400 or 502. */
export const InvalidOptions = 16;

/** Each field is compared with each name, so their number is bounded; no honest peer has more than two or three. */
export const MaxOthers = 16;

const close = literal('close');
const keepAlive = literal('keep-alive');
const upgrade = literal('upgrade');
const te = literal('te');
const http2Settings = literal('http2-settings');
const Comma = 44;

/** Reads every Connection field of `head`. Allocation free. */
export function connectionOptions(bytes: Uint8Array, head: Head): number {
  let options = 0;
  let others = 0;
  for (let i = 0; i < head.count; i++) {
    if (head.known[i] !== Known.Connection) continue;
    const end = head.fields[4 * i + 3]!;
    for (let at = head.fields[4 * i + 2]!; at < end; at++) {
      const start = skipSpace(bytes, at, end);
      at = tokenEnd(bytes, start, end);
      const option = optionOf(bytes, start, at);
      options |= option;
      if (option === NamesOthers && ++others > MaxOthers) return InvalidOptions;
      at = skipSpace(bytes, at, end);
      if (at < end && bytes[at] !== Comma) return InvalidOptions;
    }
  }
  return options;
}

/** Whether a Connection field names field `index`; such a field is for this hop only. */
export function isNamed(bytes: Uint8Array, head: Head, index: number): boolean {
  const nameStart = head.fields[4 * index]!;
  const nameLength = head.fields[4 * index + 1]! - nameStart;
  for (let i = 0; i < head.count; i++) {
    if (head.known[i] !== Known.Connection) continue;
    const end = head.fields[4 * i + 3]!;
    for (let at = head.fields[4 * i + 2]!; at < end; at++) {
      const start = skipSpace(bytes, at, end);
      at = tokenEnd(bytes, start, end);
      if (at - start === nameLength && equalsIgnoringCase(bytes, start, nameStart, nameLength)) return true;
      at = skipSpace(bytes, at, end);
    }
  }
  return false;
}

/**
 * Whether the connection serves another message after this one, as far as this side says.
 * @param minor of HTTP/1.x
 */
export function persists(options: number, minor: number): boolean {
  // RFC 9112 9.3: "If the close connection option is present, the connection will not persist after the current response; else,
  // if the received protocol is HTTP/1.1 (or later), the connection will persist; else, [only] if the keep-alive connection option is present".
  return (options & Close) === 0 && (minor === 1 || (options & KeepAlive) !== 0);
}

function optionOf(bytes: Uint8Array, start: number, end: number): number {
  switch (end - start) {
    case 0:
      return 0;
    case close.length:
      return equalsLower(bytes, start, close) ? Close : NamesOthers;
    case upgrade.length:
      return equalsLower(bytes, start, upgrade) ? Upgrade : NamesOthers;
    case keepAlive.length:
      return equalsLower(bytes, start, keepAlive) ? KeepAlive : NamesOthers;
    // These two never pass the gateway, named or not.
    case te.length:
      return equalsLower(bytes, start, te) ? 0 : NamesOthers;
    case http2Settings.length:
      return equalsLower(bytes, start, http2Settings) ? 0 : NamesOthers;
    default:
      return NamesOthers;
  }
}

function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && (bytes[at] === 32 || bytes[at] === 9)) at++;
  return at;
}

function tokenEnd(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && isTokenByte(bytes[at]!)) at++;
  return at;
}

function equalsIgnoringCase(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (lower(bytes[a + i]!) !== lower(bytes[b + i]!)) return false;
  return true;
}

function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}

function literal(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
