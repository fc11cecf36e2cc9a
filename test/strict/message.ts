/**
 * RFC 9112 read to the letter: what the strictness tests hold against the gateway's bytes, on both of its sides. Slow on purpose, and written
 * without a look at `pkg/http1`, so that one misreading is not made twice.
 */
import { Buffer } from 'node:buffer';

export type Field = readonly [name: string, value: string];

export interface StrictMessage {
  /** `GET /a HTTP/1.1` or `HTTP/1.1 200 OK`. */
  readonly startLine: string;
  /** In order, names in their own case, values without the white space around them. */
  readonly fields: readonly Field[];
  readonly framing: 'none' | 'length' | 'chunked' | 'until-end';
  readonly body: Buffer;
  readonly trailers: readonly Field[];
  /** Chunk extensions, without their semicolon; they are legal, and no business of the next hop. */
  readonly extensions: readonly string[];
  /** Bytes of the whole message. */
  readonly length: number;
}

/** `incomplete`: more bytes may complete it; what is there is not wrong. `head` is then the head, if that is complete. */
export type Reading =
  | { readonly kind: 'message'; readonly message: StrictMessage }
  | {
      readonly kind: 'incomplete';
      readonly head: { readonly startLine: string; readonly fields: readonly Field[] } | null;
    }
  | { readonly kind: 'broken'; readonly reason: string };

type Framing = { readonly length: number } | 'chunked' | 'until-end' | 'none';

class Broken extends Error {}

// RFC 9110 5.6.2: token = 1*tchar. 5.5: field-value = *field-content, of VCHAR and obs-text with SP and HTAB between.
const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const fieldLine = new RegExp(
  `^(${token}):[ \\t]*((?:[!-~\\x80-\\xff](?:[ \\t!-~\\x80-\\xff]*[!-~\\x80-\\xff])?)?)[ \\t]*$`,
);
// RFC 9112 3: request-line = method SP request-target SP HTTP-version. No fragment: RFC 9112 3.2 knows none.
const requestLine = new RegExp(`^${token} [!"$-~]+ HTTP/1\\.[01]$`);
// RFC 9112 4: status-line = HTTP-version SP status-code SP [ reason-phrase ].
const statusLine = /^HTTP\/1\.[01] [1-9][0-9]{2} [\t\x20-\x7e\x80-\xff]*$/;
// RFC 9112 7.1.1: chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ).
const quoted = '"(?:[\\t !#-\\[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*"';
const chunkLine = new RegExp(
  `^([0-9A-Fa-f]+)((?:[ \\t]*;[ \\t]*${token}(?:[ \\t]*=[ \\t]*(?:${token}|${quoted}))?)*)$`,
);

/** Reads the request at the start of `bytes`. */
export function readRequest(bytes: Buffer): Reading {
  return read(bytes, requestLine, (fields) => framingOf(fields, 'none'));
}

/**
 * Reads the response at the start of `bytes`, interim ones too.
 * @param method of the request it answers
 * @param ended no more bytes will come
 */
export function readResponse(bytes: Buffer, method: string, ended: boolean): Reading {
  const reading = read(bytes, statusLine, (fields, startLine) => {
    const status = Number(startLine.slice(9, 12));
    const framing = framingOf(fields, 'until-end');
    // RFC 9112 6.3: these are "always terminated by the first empty line after the header fields".
    return method === 'HEAD' || status < 200 || status === 204 || status === 304 ? 'none' : framing;
  });
  if (reading.kind !== 'incomplete' || !ended || reading.head === null) return reading;
  const { startLine, fields } = reading.head;
  if (framingOf(fields, 'until-end') !== 'until-end') return reading;
  const body = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
  const message: StrictMessage = {
    startLine,
    fields,
    framing: 'until-end',
    body,
    trailers: [],
    extensions: [],
    length: bytes.length,
  };
  return { kind: 'message', message };
}

/** All values of a name, in order. */
export function valuesOf(fields: readonly Field[], name: string): string[] {
  return fields.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
}

function read(
  bytes: Buffer,
  startLineForm: RegExp,
  frame: (fields: readonly Field[], startLine: string) => Framing,
): Reading {
  try {
    const text = bytes.toString('latin1');
    const blank = text.indexOf('\r\n\r\n');
    if (blank < 0) {
      checkPrefix(text);
      return { kind: 'incomplete', head: null };
    }
    const [startLine = '', ...lines] = text.slice(0, blank).split('\r\n');
    if (!startLineForm.test(startLine)) throw new Broken(`start line ${JSON.stringify(startLine)}`);
    const fields = lines.map(parseField);
    const start = blank + 4;
    const framing = frame(fields, startLine);
    const whole = readBody(bytes, text, start, framing);
    if (whole === null) return { kind: 'incomplete', head: { startLine, fields } };
    return { kind: 'message', message: { startLine, fields, ...whole } };
  } catch (error) {
    if (error instanceof Broken) return { kind: 'broken', reason: error.message };
    throw error;
  }
}

/** A head that is not whole yet: what can be said of it already. */
function checkPrefix(text: string): void {
  if (/[^\r]\n|^\n|\r[^\n]/.test(text)) throw new Broken('a bare CR or LF in the head');
  // oxlint-disable-next-line no-control-regex -- these very characters
  const control = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.exec(text);
  if (control !== null) throw new Broken(`control character ${JSON.stringify(control[0])} in the head`);
}

function parseField(line: string): Field {
  const match = fieldLine.exec(line);
  if (match === null) throw new Broken(`field line ${JSON.stringify(line.slice(0, 80))}`);
  return [match[1]!, match[2]!];
}

/** RFC 9112 6.3, without any of its tolerances. */
function framingOf(fields: readonly Field[], otherwise: 'none' | 'until-end'): Framing {
  const lengths = valuesOf(fields, 'content-length');
  const codings = valuesOf(fields, 'transfer-encoding');
  if (lengths.length > 0 && codings.length > 0) throw new Broken('Content-Length and Transfer-Encoding');
  if (lengths.length > 1) throw new Broken('Content-Length twice');
  if (codings.length > 1) throw new Broken('Transfer-Encoding twice');
  const [length] = lengths;
  if (length !== undefined) {
    if (!/^[0-9]{1,15}$/.test(length)) throw new Broken(`Content-Length ${JSON.stringify(length)}`);
    return { length: Number(length) };
  }
  const [coding] = codings;
  if (coding === undefined) return otherwise;
  if (coding.toLowerCase() !== 'chunked') throw new Broken(`Transfer-Encoding ${JSON.stringify(coding)}`);
  return 'chunked';
}

type Whole = Omit<StrictMessage, 'startLine' | 'fields'>;

function readBody(bytes: Buffer, text: string, start: number, framing: Framing): Whole | null {
  const nothing = { trailers: [], extensions: [] };
  if (framing === 'none') return { framing: 'none', body: Buffer.alloc(0), length: start, ...nothing };
  if (framing === 'until-end') return null;
  if (framing === 'chunked') return readChunks(bytes, text, start);
  const end = start + framing.length;
  return bytes.length < end ? null : { framing: 'length', body: bytes.subarray(start, end), length: end, ...nothing };
}

function readChunks(bytes: Buffer, text: string, start: number): Whole | null {
  const parts: Buffer[] = [];
  const extensions: string[] = [];
  for (let at = start; ; ) {
    const line = lineAt(text, at);
    if (line === null) return null;
    const match = chunkLine.exec(line);
    if (match === null) throw new Broken(`chunk line ${JSON.stringify(line.slice(0, 80))}`);
    const size = Number.parseInt(match[1]!, 16);
    if (!Number.isSafeInteger(size)) throw new Broken(`chunk size ${line.slice(0, 80)}`);
    if (match[2] !== '') extensions.push(match[2]!.replace(/^[ \t]*;[ \t]*/, ''));
    at += line.length + 2;
    if (size === 0) return readTrailers(text, at, { framing: 'chunked', body: Buffer.concat(parts), extensions });
    const behind = text.slice(at + size, at + size + 2);
    if (!'\r\n'.startsWith(behind)) throw new Broken(`${JSON.stringify(behind)} behind a chunk`);
    if (behind.length < 2) return null;
    parts.push(bytes.subarray(at, at + size));
    at += size + 2;
  }
}

function readTrailers(text: string, start: number, body: Omit<Whole, 'trailers' | 'length'>): Whole | null {
  const trailers: Field[] = [];
  for (let at = start; ; ) {
    const line = lineAt(text, at);
    if (line === null) return null;
    at += line.length + 2;
    if (line === '') return { ...body, trailers, length: at };
    trailers.push(parseField(line));
  }
}

/** The line at `at` without its CRLF; null if it is not whole. */
function lineAt(text: string, at: number): string | null {
  const end = text.indexOf('\r\n', at);
  const line = end < 0 ? text.slice(at) : text.slice(at, end);
  if (/\n|\r[^\n]/.test(line)) throw new Broken('a bare CR or LF in a chunk line or trailer');
  return end < 0 ? null : line;
}
