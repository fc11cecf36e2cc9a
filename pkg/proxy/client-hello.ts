/** Reads the server name of a ClientHello before any handshake, so that the connection gets its listener's TLS policy from the first byte on. */
import type { Buffer } from 'node:buffer';

/** More than any client sends, post-quantum key shares included. */
export const MaxClientHello = 16_640;

export type ClientHello =
  /** `servername` is null without SNI. */
  | { readonly kind: 'hello'; readonly servername: string | null }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'invalid' };

const incomplete: ClientHello = { kind: 'incomplete' };
const invalid: ClientHello = { kind: 'invalid' };
const Handshake = 22;
const Hello = 1;
const ServerName = 0;

/** @param bytes all that came so far */
export function readClientHello(bytes: Buffer): ClientHello {
  if (bytes.length === 0) return incomplete;
  // RFC 8446 5.1: type, legacy version, length, and then the fragment. A hello that is split over records is no hello anybody sends.
  if (bytes[0] !== Handshake || (bytes.length > 1 && bytes[1] !== 3)) return invalid;
  if (bytes.length < 9) return incomplete;
  const recordEnd = 5 + bytes.readUInt16BE(3);
  const helloEnd = 9 + bytes.readUIntBE(6, 3);
  if (bytes[5] !== Hello || helloEnd > recordEnd || recordEnd > MaxClientHello) return invalid;
  if (bytes.length < recordEnd) return incomplete;

  // legacy_version, random, legacy_session_id, cipher_suites, legacy_compression_methods
  let at = 9 + 2 + 32;
  at = skip(bytes, at, 1, helloEnd);
  at = skip(bytes, at, 2, helloEnd);
  at = skip(bytes, at, 1, helloEnd);
  if (at < 0) return invalid;
  if (at === helloEnd) return { kind: 'hello', servername: null };
  if (at + 2 > helloEnd || at + 2 + bytes.readUInt16BE(at) !== helloEnd) return invalid;
  at += 2;
  while (at < helloEnd) {
    if (at + 4 > helloEnd) return invalid;
    const type = bytes.readUInt16BE(at);
    const end = at + 4 + bytes.readUInt16BE(at + 2);
    if (end > helloEnd) return invalid;
    if (type === ServerName) return readServerName(bytes, at + 4, end);
    at = end;
  }
  return { kind: 'hello', servername: null };
}

// RFC 6066 3: ServerNameList of one host_name (type 0); "The ServerNameList MUST NOT contain more than one name of the same name_type".
function readServerName(bytes: Buffer, start: number, end: number): ClientHello {
  if (start + 5 > end || start + 2 + bytes.readUInt16BE(start) !== end || bytes[start + 2] !== 0) return invalid;
  const nameEnd = start + 5 + bytes.readUInt16BE(start + 3);
  if (nameEnd !== end) return invalid;
  return { kind: 'hello', servername: bytes.toString('latin1', start + 5, nameEnd) };
}

/** Behind a vector whose length stands in `width` bytes at `at`; -1 if it does not fit. */
function skip(bytes: Buffer, at: number, width: 1 | 2, end: number): number {
  if (at < 0 || at + width > end) return -1;
  const next = at + width + bytes.readUIntBE(at, width);
  return next > end ? -1 : next;
}

/**
 * The name as listeners compare it; null if it is none. Case and a trailing dot mean nothing: a client that spelled it otherwise once got the
 * default certificate (CVE-2026-48928).
 */
export function serverName(name: string): string | null {
  if (name.length === 0 || name.length > 254 || !/^[A-Za-z0-9_.~-]+$/.test(name)) return null;
  const lower = name.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}
