/** A strict, slow reader of HTTP/1.1 messages for tests: it shares no code with `pkg/http1`, so that one error is not made twice. */
import { Buffer } from 'node:buffer';

export interface Message {
  /** `GET /a HTTP/1.1` or `HTTP/1.1 200 OK`. */
  readonly startLine: string;
  /** As received, in order, names in their own case. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly trailers: readonly (readonly [name: string, value: string])[];
  /** Head and framed body as they came. */
  readonly raw: Buffer;
  /** Values of a name, any case, joined with `, `; undefined if there is none. */
  header(name: string): string | undefined;
}

export interface ReadOptions {
  /** What the response answers: HEAD has no body. */
  readonly head?: boolean;
  /** The stream has ended: a body until the end is complete. */
  readonly ended?: boolean;
}

/**
 * Reads one message from the start of `bytes`.
 * @returns the message, or null if more bytes are needed
 * @throws Error if the bytes are no strict HTTP/1.1
 */
export function readMessage(bytes: Buffer, { head = false, ended = false }: ReadOptions = {}): Message | null {
  const blank = bytes.indexOf('\r\n\r\n');
  if (blank < 0) return null;
  const lines = bytes.toString('latin1', 0, blank).split('\r\n');
  const startLine = lines[0]!;
  const fields = lines.slice(1).map(fieldOf);
  const start = blank + 4;
  const header = (name: string): string | undefined => valueOf(fields, name);
  const message = (body: Buffer, end: number, trailers: Message['trailers'] = []): Message => ({
    startLine,
    fields,
    body,
    trailers,
    raw: bytes.subarray(0, end),
    header,
  });

  const isResponse = startLine.startsWith('HTTP/');
  const status = isResponse ? Number(startLine.split(' ')[1]) : 0;
  const lengths = fields.filter(([name]: readonly [string, string]) => name.toLowerCase() === 'content-length');
  const chunked = header('transfer-encoding');
  if (lengths.length > 1 || (lengths.length === 1 && chunked !== undefined)) throw new Error(`framing: ${startLine}`);
  if (isResponse && (head || status < 200 || status === 204 || status === 304)) return message(Buffer.alloc(0), start);
  if (chunked !== undefined) {
    const body = readChunks(bytes, start);
    return body === null ? null : message(body.data, body.end, body.trailers);
  }
  if (lengths.length === 1) {
    const end = start + Number(lengths[0]![1]);
    return bytes.length < end ? null : message(bytes.subarray(start, end), end);
  }
  if (!isResponse) return message(Buffer.alloc(0), start);
  return ended ? message(bytes.subarray(start), bytes.length) : null;
}

function readChunks(bytes: Buffer, start: number): { data: Buffer; end: number; trailers: Message['trailers'] } | null {
  const parts: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const line = bytes.toString('latin1', at, lineEnd);
    if (!/^[0-9a-f]+$/i.test(line)) throw new Error(`chunk size: ${JSON.stringify(line)}`);
    const size = Number.parseInt(line, 16);
    at = lineEnd + 2;
    if (size === 0) return readTrailers(bytes, at, parts);
    if (bytes.length < at + size + 2) return null;
    if (bytes.toString('latin1', at + size, at + size + 2) !== '\r\n') throw new Error('no CRLF behind a chunk');
    parts.push(bytes.subarray(at, at + size));
    at += size + 2;
  }
}

function readTrailers(bytes: Buffer, start: number, parts: Buffer[]): ReturnType<typeof readChunks> {
  const lines: string[] = [];
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    if (lineEnd === at) return { data: Buffer.concat(parts), end: at + 2, trailers: lines.map(fieldOf) };
    lines.push(bytes.toString('latin1', at, lineEnd));
    at = lineEnd + 2;
  }
}

function fieldOf(line: string): readonly [string, string] {
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/s.exec(line);
  if (match === null) throw new Error(`field line: ${JSON.stringify(line)}`);
  return [match[1]!, match[2]!];
}

function valueOf(fields: Message['fields'], name: string): string | undefined {
  const values = fields.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(', ');
}
