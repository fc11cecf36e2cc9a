/** The request target (RFC 9112 3.2) → its form and where path and query stand. The proxy always forwards origin-form (or `*`). */
import { equalsLower } from './known.ts';

/** Why a target is refused; each is a code of `proxy/errors.ts`. */
export type TargetRefusal = 'bad-request' | 'method-not-allowed';

/** One target, refilled per request; offsets into the buffer of the head. */
export class Target {
  form: 'origin' | 'absolute' | 'asterisk' = 'origin';
  /** Absolute-form: what replaces Host. [0, 0) otherwise. */
  authorityStart = 0;
  authorityEnd = 0;
  /** Absolute-form only: what the client says it speaks. A hint, since the connection knows better. */
  secure = false;
  /** The path without query; empty (`http://host?q`) means `/`. */
  pathStart = 0;
  pathEnd = 0;
  /** The query with its `?` is [pathEnd, queryEnd); empty if there is none. */
  queryEnd = 0;
}

const Slash = 47;
const Hash = 35;
const Question = 63;
const Asterisk = 42;

const http = new TextEncoder().encode('http');
const https = new TextEncoder().encode('https');

/**
 * Reads `bytes[start, end)`, which scanRequest has found to be visible ASCII.
 * @param options whether the method is OPTIONS
 * @param connect whether it is CONNECT
 * @returns null, or why it is refused
 */
export function parseTarget(
  bytes: Uint8Array,
  start: number,
  end: number,
  options: boolean,
  connect: boolean,
  target: Target,
): TargetRefusal | null {
  // A gateway is no forward proxy: a tunnel to a host of the client's choice is never made.
  if (connect) return 'method-not-allowed';
  target.authorityStart = 0;
  target.authorityEnd = 0;
  target.queryEnd = end;
  if (bytes[start] === Slash) {
    target.form = 'origin';
    return parsePath(bytes, start, end, target);
  }
  // RFC 9112 3.2.4: "the asterisk-form of request-target is only used for a server-wide OPTIONS request".
  if (bytes[start] === Asterisk && end - start === 1) return options ? asterisk(start, end, target) : 'bad-request';
  return parseAbsolute(bytes, start, end, options, target);
}

// RFC 9112 3.2.2: "When an origin server receives a request with an absolute-form of request-target, the origin server MUST ignore the
// received Host header field (if any) and instead use the host information of the request-target."
function parseAbsolute(
  bytes: Uint8Array,
  start: number,
  end: number,
  options: boolean,
  target: Target,
): TargetRefusal | null {
  let at = start;
  while (at < end && bytes[at] !== 58) at++;
  target.secure = at - start === https.length && equalsLower(bytes, start, https);
  if (!target.secure && !(at - start === http.length && equalsLower(bytes, start, http))) return 'bad-request';
  if (at + 3 >= end || bytes[at + 1] !== Slash || bytes[at + 2] !== Slash) return 'bad-request';
  at += 3;
  target.form = 'absolute';
  target.authorityStart = at;
  while (at < end && bytes[at] !== Slash && bytes[at] !== Question && bytes[at] !== Hash) at++;
  if (at === target.authorityStart) return 'bad-request';
  target.authorityEnd = at;
  // RFC 9112 3.2.4: an OPTIONS "in which the URI has an empty path and no query component" goes on as `*`.
  if (at === end && options) return asterisk(end, end, target);
  return parsePath(bytes, at, end, target);
}

function parsePath(bytes: Uint8Array, start: number, end: number, target: Target): TargetRefusal | null {
  target.pathStart = start;
  let at = start;
  while (at < end && bytes[at] !== Question && bytes[at] !== Hash) at++;
  target.pathEnd = at;
  // A fragment is never sent; where it stands, some parsers cut and others do not.
  while (at < end && bytes[at] !== Hash) at++;
  return at < end ? 'bad-request' : null;
}

function asterisk(start: number, end: number, target: Target): null {
  target.form = 'asterisk';
  target.pathStart = start;
  target.pathEnd = end;
  target.queryEnd = end;
  return null;
}
