/**
 * The PROXY protocol, versions 1 and 2 (haproxy.org/download/3.2/doc/proxy-protocol.txt): what a load balancer says of a connection before its
 * first byte.
 */
import type { Buffer } from 'node:buffer';
import { isIPv4, isIPv6 } from 'node:net';
import { createAddress, formatAddress, mappedPrefix } from '../policy/ip-address.ts';
import { addressOf } from './forwarded.ts';

export interface Announced {
  readonly address: string;
  readonly port: number;
}

/** What is expected of one peer. `Ignored`: nothing, its bytes are those of the client. `Refused`: it may not connect. */
export type ProxyExpectation = 'Ignored' | 'Optional' | 'Required' | 'Refused';

export type ProxyHeader =
  /** `source` is null where the proxy speaks for itself, such as in a health check: the peer is the client then. */
  | { readonly kind: 'header'; readonly length: number; readonly source: Announced | null }
  | { readonly kind: 'incomplete' }
  /** These bytes are something else. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'invalid' };

const incomplete: ProxyHeader = { kind: 'incomplete' };
const absent: ProxyHeader = { kind: 'absent' };
const invalid: ProxyHeader = { kind: 'invalid' };

const prefix1 = new TextEncoder().encode('PROXY ');
const signature2 = new Uint8Array([13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]);
/** "the maximum line lengths the receiver must support including the CRLF": "worst case (optional fields set to 0xff): … 107 chars". */
const MaxLine = 107;
/** Addresses and what TLVs load balancers send; the specification asks for 216 at least. */
export const MaxLength2 = 536;

/** @param bytes all that came so far, from `start` */
export function readProxyHeader(bytes: Buffer, start: number, end: number): ProxyHeader {
  if (end === start) return incomplete;
  if (bytes[start] === prefix1[0]) return startsWith(bytes, start, end, prefix1) ?? readLine(bytes, start, end);
  return startsWith(bytes, start, end, signature2) ?? readBinary(bytes, start, end);
}

/** @returns null if all of it is there */
function startsWith(bytes: Buffer, start: number, end: number, expected: Uint8Array): ProxyHeader | null {
  const length = Math.min(expected.length, end - start);
  for (let i = 0; i < length; i++) if (bytes[start + i] !== expected[i]) return absent;
  return length < expected.length ? incomplete : null;
}

// "PROXY" SP ("TCP4" | "TCP6") SP source SP destination SP source port SP destination port CRLF, with exactly one space each.
function readLine(bytes: Buffer, start: number, end: number): ProxyHeader {
  const feed = bytes.indexOf(10, start);
  if (feed < 0 || feed >= end) return end - start >= MaxLine ? invalid : incomplete;
  const length = feed + 1 - start;
  if (length > MaxLine || bytes[feed - 1] !== 13) return invalid;
  const line = bytes.toString('latin1', start, feed - 1);
  // "the receiver must ignore anything presented before the CRLF" behind UNKNOWN.
  if (line === 'PROXY UNKNOWN' || line.startsWith('PROXY UNKNOWN ')) return { kind: 'header', length, source: null };
  const [, family, source = '', destination = '', port = '', otherPort = '', ...more] = line.split(' ');
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isPlainIPv6 : () => false;
  if (more.length > 0 || !isAddress(source) || !isAddress(destination)) return invalid;
  if (!isPort(port) || !isPort(otherPort)) return invalid;
  return { kind: 'header', length, source: { address: addressOf(source) ?? source, port: Number(port) } };
}

function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

function readBinary(bytes: Buffer, start: number, end: number): ProxyHeader {
  if (end - start < 16) return incomplete;
  const command = bytes[start + 12]!;
  const family = bytes[start + 13]!;
  const size = bytes.readUInt16BE(start + 14);
  // Version 2 in the upper half; "other values are unassigned and must not be emitted by senders. Receivers must drop connections
  // presenting unexpected values here."
  if ((command !== 0x20 && command !== 0x21) || size > MaxLength2) return invalid;
  const length = 16 + size;
  if (end - start < length) return incomplete;
  // LOCAL: "the receiver must accept this connection as valid and must use the real connection endpoints".
  if (command === 0x20) return { kind: 'header', length, source: null };
  const at = start + 16;
  // TCP over IPv4 or IPv6. The specification lets a receiver reject the rest (UNSPEC, UDP, unix): taken for the proxy's own, such a
  // connection would pass lists that were made to let the proxy in.
  const addresses = family === 0x11 ? 12 : family === 0x21 ? 36 : 0;
  if (addresses === 0 || size < addresses || !areTlvs(bytes, at + addresses, at + size)) return invalid;
  const words = createAddress();
  if (family === 0x11) words.set([0, 0, mappedPrefix, bytes.readUInt32BE(at)]);
  else for (let i = 0; i < 4; i++) words[i] = bytes.readUInt32BE(at + 4 * i);
  const port = bytes.readUInt16BE(at + addresses - 4);
  return { kind: 'header', length, source: { address: formatAddress(words), port } };
}

/** Type, length, value, until the end and no byte further. */
function areTlvs(bytes: Buffer, start: number, end: number): boolean {
  let at = start;
  while (at + 3 <= end) at += 3 + bytes.readUInt16BE(at + 1);
  return at === end;
}
