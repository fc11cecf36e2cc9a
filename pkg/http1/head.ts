/**
 * Bytes of an HTTP/1.1 head → where its parts are. Offsets only: no string is made and nothing is allocated.
 * The proxy scans requests with it, the upstream lane responses.
 */
import { knownName } from './known.ts';

/** More bytes are needed; nothing has been decided. */
export const Incomplete = 0;
/** Not exactly RFC 9112: answer 400 and close. There is no third way, since what two parsers read differently is an attack. */
export const Malformed = -1;
/** More than MaxFields field lines: 431. */
export const TooManyFields = -2;
/** A request line that is valid but for its version, such as HTTP/1.2 or HTTP/2.0: 505. */
export const VersionUnsupported = -3;

export const MaxFields = 128;

/** One head, as offsets into the buffer it was scanned from. Made once per connection and refilled per message. */
export class Head {
  /** Request: method is [start, methodEnd). */
  start = 0;
  methodEnd = 0;
  targetStart = 0;
  /** 0 as long as the target is not complete: a head that grows too long before is answered 414, behind it 431. */
  targetEnd = 0;
  /** Response: status code, and where its reason phrase stands. */
  status = 0;
  reasonStart = 0;
  reasonEnd = 0;
  /** 0 or 1, of HTTP/1.x. */
  minor = 1;
  /** Field i at 4i: name start, name end, value start, value end; optional white space trimmed. */
  readonly fields = new Int32Array(4 * MaxFields);
  /** Known of field i (`known.ts`), or 0. */
  readonly known = new Uint8Array(MaxFields);
  count = 0;
  fieldsStart = 0;
  /** Behind the blank line. */
  end = 0;
}

const Tab = 9;
const LF = 10;
const CR = 13;
const Space = 32;
const Dot = 46;
const Colon = 58;

// Bits of one table: a look-up per byte decides, and one table stays in the cache.
const Token = 1;
const Value = 2;
const Target = 4;
const classes = Uint8Array.from({ length: 256 }, (_, byte) => {
  const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(byte)) ? Token : 0;
  // RFC 9110 5.5: field-vchar is VCHAR / obs-text (0x80-FF); within a value also SP and HTAB.
  const value = byte === Tab || (byte >= Space && byte !== 127) ? Value : 0;
  return token | value | (byte > Space && byte < 127 ? Target : 0);
});

const http = Uint8Array.from('HTTP/', (c) => c.charCodeAt(0));

/**
 * Scans a request head from `bytes[start, end)`. Bytes behind `end` are never read.
 * @param seen end of the call before, if that said Incomplete for the same head: a head that comes byte by byte is then scanned once a line,
 *   not once a byte, which would let a client buy the square of its bytes in CPU time
 * @returns the offset behind the blank line, Incomplete, Malformed, TooManyFields or VersionUnsupported
 */
export function scanRequest(bytes: Uint8Array, start: number, end: number, head: Head, seen = start): number {
  if (seen > start && !hasLineFeed(bytes, seen, end)) return Incomplete;
  head.targetEnd = 0;
  let at = start;
  // RFC 9112 2.2: "a server that is expecting to receive and parse a request-line SHOULD ignore at least one empty line (CRLF)
  // received prior to the request-line." One, and no more: a stream of them is no request.
  if (at < end && bytes[at] === CR) {
    if (at + 1 >= end) return Incomplete;
    if (bytes[at + 1] !== LF) return Malformed;
    at += 2;
  }
  head.start = at;

  const methodStart = at;
  at = run(Token, bytes, at, end);
  if (at === end) return Incomplete;
  if (at === methodStart || bytes[at] !== Space) return Malformed;
  head.methodEnd = at;

  head.targetStart = at + 1;
  at = run(Target, bytes, head.targetStart, end);
  if (at === end) return Incomplete;
  if (at === head.targetStart || bytes[at] !== Space) return Malformed;
  head.targetEnd = at++;

  const minor = version(bytes, at, end);
  if (minor === Malformed) return Malformed;
  at += 8;
  if (at < end && bytes[at] !== CR) return Malformed;
  if (at + 1 >= end) return Incomplete;
  if (bytes[at + 1] !== LF) return Malformed;
  if (minor === VersionUnsupported) return VersionUnsupported;
  head.minor = minor;
  return scanFields(bytes, at + 2, end, head);
}

/**
 * Scans a response head from `bytes[start, end)`.
 * @returns the offset behind the blank line, Incomplete, Malformed or TooManyFields
 */
export function scanResponse(bytes: Uint8Array, start: number, end: number, head: Head): number {
  head.start = start;
  const minor = version(bytes, start, end);
  if (minor < 0) return Malformed;
  // "HTTP/1.1 200" and then at least one byte that says what follows.
  if (start + 12 >= end) return Incomplete;
  if (bytes[start + 8] !== Space) return Malformed;
  let status = 0;
  for (let i = start + 9; i < start + 12; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return Malformed;
    status = status * 10 + digit;
  }
  // RFC 9110 15 has 100 to 599, and asks to take others as a 5xx; servers do send 6xx to 999, whose framing is that of any final response.
  if (status < 100) return Malformed;

  let at = start + 12;
  head.reasonStart = at;
  if (bytes[at] === Space) {
    head.reasonStart = ++at;
    at = run(Value, bytes, at, end);
  }
  head.reasonEnd = at;
  if (at < end && bytes[at] !== CR) return Malformed;
  if (at + 1 >= end) return Incomplete;
  if (bytes[at + 1] !== LF) return Malformed;
  head.minor = minor;
  head.status = status;
  return scanFields(bytes, at + 2, end, head);
}

/**
 * Scans field lines up to and with the blank line; obs-fold, bare CR or LF, and white space before the colon are Malformed.
 * @returns the offset behind the blank line, Incomplete, Malformed or TooManyFields
 */
export function scanFields(bytes: Uint8Array, start: number, end: number, head: Head): number {
  const { fields, known } = head;
  let count = 0;
  let at = start;
  head.fieldsStart = start;
  for (;;) {
    if (at >= end) return Incomplete;
    if (bytes[at] === CR) {
      if (at + 1 >= end) return Incomplete;
      if (bytes[at + 1] !== LF) return Malformed;
      head.count = count;
      head.end = at + 2;
      return at + 2;
    }
    if (count === MaxFields) return TooManyFields;

    const nameStart = at;
    at = run(Token, bytes, at, end);
    if (at === end) return Incomplete;
    if (at === nameStart || bytes[at] !== Colon) return Malformed;
    const nameEnd = at++;

    while (at < end && (bytes[at] === Space || bytes[at] === Tab)) at++;
    const valueStart = at;
    at = run(Value, bytes, at, end);
    if (at < end && bytes[at] !== CR) return Malformed;
    if (at + 1 >= end) return Incomplete;
    if (bytes[at + 1] !== LF) return Malformed;
    let valueEnd = at;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === Space || bytes[valueEnd - 1] === Tab)) valueEnd--;
    at += 2;

    const field = 4 * count;
    fields[field] = nameStart;
    fields[field + 1] = nameEnd;
    fields[field + 2] = valueStart;
    fields[field + 3] = valueEnd;
    known[count++] = knownName(bytes, nameStart, nameEnd);
  }
}

/**
 * Reads `HTTP/1.x` at `at`.
 * @returns 0 or 1, the minor version (1 too if the bytes end before it); VersionUnsupported for another `HTTP/DIGIT.DIGIT`; Malformed
 */
function version(bytes: Uint8Array, at: number, end: number): number {
  const length = Math.min(end - at, 8);
  for (let i = 0; i < length; i++) {
    const byte = bytes[at + i]!;
    const right = i < 5 ? byte === http[i] : i === 6 ? byte === Dot : byte >= 48 && byte <= 57;
    if (!right) return Malformed;
  }
  if (length < 8) return 1;
  const minor = bytes[at + 7]! - 48;
  return bytes[at + 5] === 49 && minor <= 1 ? minor : VersionUnsupported;
}

/** Whether `byte` may stand in a token (RFC 9110 5.6.2). */
export function isTokenByte(byte: number): boolean {
  return (classes[byte]! & Token) !== 0;
}

/** Whether `byte` may stand in a field value. */
export function isTextByte(byte: number): boolean {
  return (classes[byte]! & Value) !== 0;
}

/** Whether a line ends in `bytes[start, end)`: without one, no head or trailer section that was incomplete is complete now. */
export function hasLineFeed(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === LF) return true;
  return false;
}

/** The first offset from `at` whose byte is not of `set`; `end` if all are. */
function run(set: number, bytes: Uint8Array, at: number, end: number): number {
  while (at < end && (classes[bytes[at]!]! & set) !== 0) at++;
  return at;
}
