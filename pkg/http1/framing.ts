/** Where a message's body ends, or why the message must be refused (RFC 9112 6.3). The one place that decides it. */
import type { Head } from './head.ts';
import { equalsLower, Known } from './known.ts';

/** Why a request is refused; `codeOfRefusal` gives the error that answers it. */
export type Refusal =
  | 'host-missing'
  | 'host-twice'
  | 'content-length-invalid'
  | 'content-length-twice'
  | 'coding-invalid'
  | 'coding-unsupported'
  | 'framing-ambiguous'
  | 'field-twice';

/** Body length in bytes, Chunked, or (responses) UntilEnd. The same numbers as `upstream.ts` uses. */
export type Length = number;
export const Chunked: Length = -1;
export const UntilEnd: Length = -2;
/** A response whose framing is not certain: 502, and the connection is closed. */
export const InvalidFraming = -3;

const Tab = 9;
const CR = 13;

const chunked = new TextEncoder().encode('chunked');

/** Code in `proxy/errors.ts`. */
export function codeOfRefusal(refusal: Refusal): 'bad-request' | 'coding-unsupported' {
  return refusal === 'coding-unsupported' ? refusal : 'bad-request';
}

/** The body of the request in `head`. Also refuses a missing or second Host, since a request with two has two destinations, and other fields that must not repeat. */
export function requestLength(bytes: Uint8Array, head: Head): Length | Refusal {
  const { fields, known } = head;
  let hosts = 0;
  let length: Length = 0;
  let framed = false;
  let singletons = 0;
  for (let i = 0; i < head.count; i++) {
    switch (known[i]) {
      case Known.Host:
        hosts++;
        break;
      // A repeated Content-Length is refused even when both agree: a peer might take either, or the sum.
      case Known.ContentLength:
        if (framed) return length === Chunked ? 'framing-ambiguous' : 'content-length-twice';
        framed = true;
        length = decimal(bytes, fields[4 * i + 2]!, fields[4 * i + 3]!);
        if (length < 0 || hasTab(bytes, fields, i)) return 'content-length-invalid';
        break;
      // RFC 9112 6.1: "A server MAY reject a request that contains both Content-Length and Transfer-Encoding": we always do.
      // "A server or client that receives an HTTP/1.0 message containing a Transfer-Encoding header field MUST treat the message
      // as if the framing is faulty".
      case Known.TransferEncoding:
        if (framed || head.minor === 0) return 'framing-ambiguous';
        framed = true;
        if (!isChunked(bytes, fields[4 * i + 2]!, fields[4 * i + 3]!)) {
          return unknownCoding(bytes, fields[4 * i + 2]!, fields[4 * i + 3]!);
        }
        if (hasTab(bytes, fields, i)) return 'coding-invalid';
        length = Chunked;
        break;
      // RFC 9110 5.3: only a list-valued field may repeat. A policy that reads the first and a backend that reads the last of two
      // credentials or types would judge different requests.
      case Known.Authorization:
      case Known.ContentType: {
        const bit = known[i] === Known.Authorization ? 1 : 2;
        if ((singletons & bit) !== 0) return 'field-twice';
        singletons |= bit;
        break;
      }
      case undefined:
      default:
    }
  }
  if (hosts > 1) return 'host-twice';
  // RFC 9112 3.2: "A server MUST respond with a 400 status code to any HTTP/1.1 request message that lacks a Host header field".
  if (hosts === 0 && head.minor === 1) return 'host-missing';
  return length;
}

/**
 * The body of the response in `head`.
 * @param requestMethod of the request it answers
 * @returns bytes, Chunked, UntilEnd, or InvalidFraming
 */
export function responseLength(bytes: Uint8Array, head: Head, requestMethod: string): Length {
  const { fields, known, status } = head;
  let length: Length = UntilEnd;
  for (let i = 0; i < head.count; i++) {
    const name = known[i];
    if (name === Known.ContentLength) {
      if (length !== UntilEnd) return InvalidFraming;
      length = decimal(bytes, fields[4 * i + 2]!, fields[4 * i + 3]!);
      if (length < 0 || hasTab(bytes, fields, i)) return InvalidFraming;
    } else if (name === Known.TransferEncoding) {
      // Any coding but chunked would have to be decoded or passed on as it is; no TE field of ours asked for one.
      if (length !== UntilEnd || head.minor === 0) return InvalidFraming;
      if (!isChunked(bytes, fields[4 * i + 2]!, fields[4 * i + 3]!) || hasTab(bytes, fields, i)) return InvalidFraming;
      length = Chunked;
    }
  }
  // RFC 9112 6.3: "Any response to a HEAD request and any response with a 1xx (Informational), 204 (No Content), or 304 (Not Modified)
  // status code is always terminated by the first empty line after the header fields". Bytes behind it are another message or an attack.
  if (hasNoBody(status, requestMethod)) return 0;
  return length;
}

/** Whether a response of this status to this method has no body, whatever its fields say. */
export function hasNoBody(status: number, requestMethod: string): boolean {
  return status < 200 || status === 204 || status === 304 || requestMethod === 'HEAD';
}

/** Whether there is a Content-Length (`length`) or a Transfer-Encoding: neither may be in a 1xx, and no coding in a 204 (RFC 9110 8.6, RFC 9112 6.1). */
export function saysFraming(head: Head, length: boolean): boolean {
  for (let i = 0; i < head.count; i++) {
    const name = head.known[i];
    if (name === Known.TransferEncoding || (length && name === Known.ContentLength)) return true;
  }
  return false;
}

/**
 * Whether a tab stands around the value of field `index`. RFC 9110 5.6.3 allows it, but nginx takes `Content-Length:\t5` for no length, and llhttp
 * `chunked\t` for no chunked: where a body ends must not depend on the reader.
 */
function hasTab(bytes: Uint8Array, fields: Int32Array, index: number): boolean {
  for (let at = fields[4 * index + 1]! + 1; at < fields[4 * index + 2]!; at++) if (bytes[at] === Tab) return true;
  for (let at = fields[4 * index + 3]!; bytes[at] !== CR; at++) if (bytes[at] === Tab) return true;
  return false;
}

function isChunked(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === chunked.length && equalsLower(bytes, start, chunked);
}

// RFC 9112 6.1: "A server that receives a request message with a transfer coding it does not understand SHOULD respond with 501".
// 6.3: where chunked is not the final one, "the message body length cannot be determined reliably; the server MUST respond with the 400".
function unknownCoding(bytes: Uint8Array, start: number, end: number): Refusal {
  const [last, ...others] = String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 256)))
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .toReversed();
  const understood = last === 'chunked' && others.length > 0 && others.every((coding) => /^[a-z-]+$/.test(coding));
  return understood && !others.includes('chunked') ? 'coding-unsupported' : 'coding-invalid';
}

/** 1*DIGIT as a number; -1 for anything else, and beyond 15 digits, where doubles would round. */
function decimal(bytes: Uint8Array, start: number, end: number): number {
  if (start === end || end - start > 15) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
