/** The response on its way to the client: the view that filters edit, and the encoder of its head. */
import { Buffer } from 'node:buffer';
import { STATUS_CODES } from 'node:http';
import { connectionOptions, isNamed, NamesOthers } from '../http1/connection.ts';
import { literal, writeBytes, writeDecimal, writeLineEnd, writeText } from '../http1/encode.ts';
import { hasNoBody } from '../http1/framing.ts';
import { Head } from '../http1/head.ts';
import { Known } from '../http1/known.ts';
import type { LocalResponse, ResponseView } from '../policy/runtime.ts';
import { Fields } from './fields.ts';

const NoBytes = Buffer.alloc(0);

/** How the body goes to the client. */
export const Framing = {
  /** No body, whatever Content-Length says: answers to HEAD, 204, 304. */
  None: 0,
  /** Content-Length bytes. */
  Length: 1,
  Chunked: 2,
  /** To an HTTP/1.0 client, when nobody knows the length. */
  UntilClose: 3,
} as const;
export type Framing = (typeof Framing)[keyof typeof Framing];

export class Response implements ResponseView {
  status = 0;
  readonly headers = new Fields();
  framing: Framing = Framing.None;
  /** Only for Framing.Length; -1 leaves the received Content-Length as it is. */
  length = -1;
  close = false;
  /** The client speaks HTTP/1.0 and asked to keep the connection. */
  keepAlive10 = false;
  /** 101: the value of Upgrade; else null. */
  upgrade: string | null = null;

  /** A final response from upstream. @param length as `ResponseHandler.onHead` has it */
  receive(status: number, bytes: Buffer, head: Head, length: number, { method, head: { minor } }: Asked): void {
    this.#begin(status, bytes, head);
    if (hasNoBody(status, method)) this.framing = Framing.None;
    else if (length < 0) this.framing = minor === 0 ? Framing.UntilClose : Framing.Chunked;
    else {
      this.framing = Framing.Length;
      if (!hasPlainLength(bytes, head)) this.length = length;
    }
  }

  /** 1xx from upstream. */
  receiveInterim(status: number, bytes: Buffer, head: Head): void {
    this.#begin(status, bytes, head);
    this.framing = Framing.None;
    this.close = false;
    this.keepAlive10 = false;
  }

  /** An answer of the gateway's own. */
  make(local: LocalResponse, method: string, serverHeader: string): void {
    this.#begin(local.status, NoBytes, null);
    this.framing = hasNoBody(local.status, method) ? Framing.None : Framing.Length;
    if (serverHeader !== '') this.headers.set('Server', serverHeader);
    for (const name in local.headers) this.headers.set(name, local.headers[name]!);
  }

  /** Another status and body for an answer of the gateway's own; its fields stay, such as WWW-Authenticate and Retry-After. */
  amend(local: LocalResponse, method: string): void {
    this.status = local.status;
    this.framing = hasNoBody(local.status, method) ? Framing.None : Framing.Length;
    for (const name in local.headers) this.headers.set(name, local.headers[name]!);
  }

  /** The body will have a length that nobody knows yet. */
  transform(minor: number): void {
    this.headers.remove('content-length');
    if (this.framing !== Framing.None) this.framing = minor === 0 ? Framing.UntilClose : Framing.Chunked;
  }

  /** Copies the head that was received: its bytes are the upstream's to reuse when the turn ends. */
  keep(): void {
    const { headers } = this;
    const from = headers.head;
    if (from === null) return;
    const kept = new Head();
    kept.start = from.start;
    kept.status = from.status;
    kept.reasonStart = from.reasonStart;
    kept.fieldsStart = from.fieldsStart;
    kept.count = from.count;
    kept.end = from.end;
    kept.fields.set(from.fields);
    kept.known.set(from.known);
    headers.bytes = Buffer.from(headers.bytes.subarray(0, from.end));
    headers.head = kept;
  }

  setStatus(status: number): void {
    const refused = !Number.isInteger(status) || status < 200 || status > 599;
    // RFC 9110 6.4.1: these two end with their head. With another of them the body would be missing, or be read as the next response.
    if (refused || (status !== this.status && (isBodiless(status) || isBodiless(this.status))))
      throw new RangeError(`a ${this.status} cannot become a ${status}; replace the response instead`);
    this.status = status;
  }

  #begin(status: number, bytes: Buffer, head: Head | null): void {
    this.status = status;
    this.headers.reset(bytes, head, null);
    this.length = -1;
    this.upgrade = null;
  }
}

function isBodiless(status: number): boolean {
  return status === 204 || status === 304;
}

function hasPlainLength(bytes: Buffer, { known, fields, count }: Head): boolean {
  for (let i = 0; i < count; i++) {
    // A leading zero means an octal number to some readers: such a length is written anew.
    if (known[i] !== Known.ContentLength) continue;
    const start = fields[4 * i + 2]!;
    return bytes[start] !== 48 || fields[4 * i + 3] === start + 1;
  }
  return false;
}

/** What of the request decides how it can be answered. */
interface Asked {
  readonly method: string;
  readonly head: { readonly minor: number };
}

// RFC 9110 7.6.1: fields of this hop, "whether or not they appear as a connection-option".
const hopByHop = new Uint8Array(256);
for (const known of [
  Known.Connection,
  Known.KeepAlive,
  Known.ProxyConnection,
  Known.TE,
  Known.Upgrade,
  Known.TransferEncoding,
  Known.ProxyAuthenticate,
]) {
  hopByHop[known] = 1;
}

const http = literal('HTTP/1.1 ');
const connectionClose = literal('Connection: close\r\n');
const connectionKeepAlive = literal('Connection: keep-alive\r\n');
const connectionUpgrade = literal('Connection: Upgrade\r\nUpgrade: ');
const chunked = literal('Transfer-Encoding: chunked\r\n');
const contentLength = literal('Content-Length: ');
const date = literal('Date: ');

const Overhead = 512;

/**
 * @param now gives `Date` as an HTTP date, written if the response has none (RFC 9110 6.6.1)
 * @returns the offset behind the blank line, or -1 if `out` is too short
 */
export function encodeResponse(response: Response, out: Buffer, at: number, now: () => string): number {
  const { headers } = response;
  const { head, bytes } = headers;
  const needed = (head === null ? 0 : head.end - head.start) + headers.addedLength() + Overhead;
  if (needed > out.length - at) return -1;

  let end: number;
  let dated = false;
  if (head === null) end = writeStatus(response.status, out, at);
  else {
    // RFC 9112 2.3: an intermediary sends its own version; status and reason phrase go on as they came.
    if (response.status === head.status) {
      end = writeBytes(out, at, http);
      end = writeBytes(out, end, bytes, head.start + 9, head.fieldsStart);
      // RFC 9112 4: the space stands "even when the reason-phrase is absent"; some servers leave it out.
      if (head.reasonStart === head.start + 12) {
        out[end - 2] = 32;
        end = writeLineEnd(out, end - 1);
      }
    } else end = writeStatus(response.status, out, at);
    const options = connectionOptions(bytes, head);
    const { fields, known } = head;
    let from = -1;
    for (let i = 0; i < head.count; i++) {
      const id = known[i]!;
      if (
        hopByHop[id] === 1 ||
        headers.removed[i] === 1 ||
        (id === Known.ContentLength && drops(response)) ||
        // Not the length, which a client cannot do without: RFC 9110 7.6.1 forbids to name it.
        ((options & NamesOthers) !== 0 && id !== Known.ContentLength && isNamed(bytes, head, i))
      ) {
        if (from >= 0) end = writeBytes(out, end, bytes, from, fields[4 * i]);
        from = -1;
      } else {
        if (id === Known.Date) dated = true;
        if (from < 0) from = fields[4 * i]!;
      }
    }
    if (from >= 0) end = writeBytes(out, end, bytes, from, head.end - 2);
  }
  for (let i = 0; i < headers.names.length; i++) {
    if (headers.lower[i] === 'date') dated = true;
    end = writeText(out, end, headers.names[i]!);
    out[end++] = 58;
    out[end++] = 32;
    end = writeLineEnd(out, writeText(out, end, headers.values[i]!));
  }
  for (let i = 0; i < headers.blocks.length; i++) {
    const block = headers.blocks[i]!;
    if (block.dated) dated = true;
    end = writeBytes(out, end, block.bytes);
  }
  if (!dated && response.status >= 200) end = writeLineEnd(out, writeText(out, writeBytes(out, end, date), now()));
  return writeLineEnd(out, writeEnding(response, out, end));
}

function writeStatus(status: number, out: Buffer, at: number): number {
  const end = writeDecimal(out, writeBytes(out, at, http), status);
  out[end] = 32;
  return writeLineEnd(out, writeText(out, end + 1, STATUS_CODES[status] ?? ''));
}

/** Framing and the connection's fate. */
function writeEnding(response: Response, out: Buffer, at: number): number {
  let end = at;
  if (response.framing === Framing.Chunked) end = writeBytes(out, end, chunked);
  else if (response.framing === Framing.Length && response.length >= 0) {
    end = writeLineEnd(out, writeDecimal(out, writeBytes(out, end, contentLength), response.length));
  }
  if (response.upgrade !== null) {
    return writeLineEnd(out, writeText(out, writeBytes(out, end, connectionUpgrade), response.upgrade));
  }
  if (response.close) return writeBytes(out, end, connectionClose);
  return response.keepAlive10 ? writeBytes(out, end, connectionKeepAlive) : end;
}

// RFC 9110 8.6: "A server MUST NOT send a Content-Length header field in any response with a status code of 1xx (Informational) or 204".
function drops(response: Response): boolean {
  if (response.framing === Framing.None) return response.status === 204 || response.status < 200;
  return response.framing !== Framing.Length || response.length >= 0;
}

/** The HTTP date of this second. */
export function createHttpDate(wallClock: () => number): () => string {
  let second = -1;
  let text = '';
  return () => {
    const now = Math.floor(wallClock() / 1000);
    if (now !== second) {
      second = now;
      text = new Date(now * 1000).toUTCString();
    }
    return text;
  };
}
