/** The chunked transfer coding (RFC 9112 7.1), decoded as it arrives, in any pieces. One decoder per connection and direction. */
import { BadExtension, BeforeSemicolon, ExtensionEnd, stepExtension } from './extension.ts';
import { Trailers } from './trailers.ts';

/** What `feed` says. */
export const More = 0;
export const Done = 1;
/** Not exactly RFC 9112, or a limit was passed: the connection cannot be used any more. */
export const BadChunk = -1;

/** Of one chunk's size line, in bytes. */
export const MaxSizeLine = 1_024;
/** Framing beyond 16 bytes a chunk and twice its data, summed over a body: a sender of mere extensions is stopped (CVE-2023-39326). */
export const MaxExcess = 16_384;
// 2^53 has 14 digits; two more for leading zeros.
const MaxSizeDigits = 16;

// States; numbers, since this runs for each byte of framing.
const Size = 0;
const Extension = 1;
const SizeLF = 2;
const Data = 3;
const DataCR = 4;
const DataLF = 5;
const TrailerStart = 6;
const TrailerFields = 7;
const LastLF = 8;

const CR = 13;
const LF = 10;

/** Decodes one body after the other; `reset` before each. */
export class ChunkedDecoder {
  /** Data of the last `feed`: `bytes[dataStart, dataEnd)`, one span however many chunks it held. */
  dataStart = 0;
  dataEnd = 0;
  /** Behind the last byte that belongs to this body; less than the `end` given only once Done. */
  next = 0;
  #state = Size;
  #extension = BeforeSemicolon;
  /** Size of the chunk being read, then what is left of its data. */
  #left = 0;
  #digits = 0;
  #line = 0;
  #excess = 0;
  readonly #trailers = new Trailers();

  /** CRLF-terminated field lines, or null. Once Done. */
  get trailers(): Buffer | null {
    return this.#trailers.lines;
  }

  /** Begins a new body. */
  reset(): void {
    this.#state = Size;
    this.#excess = 0;
    this.#trailers.reset();
    this.#startLine();
  }

  /**
   * Decodes `bytes[start, end)` in place: data behind framing is moved down, so that it is one span.
   * @returns More, Done, or BadChunk (then the data of this call must not be used)
   */
  feed(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    this.dataStart = start;
    this.dataEnd = start;
    while (at < end) {
      switch (this.#state) {
        case Data: {
          const to = Math.min(at + this.#left, end);
          this.#left -= to - at;
          this.#take(bytes, at, to);
          at = to;
          if (this.#left === 0) this.#state = DataCR;
          break;
        }
        case TrailerStart:
          // Nearly always the blank line.
          if (bytes[at] === CR) {
            this.#state = LastLF;
            at++;
          } else {
            this.#state = TrailerFields;
          }
          break;
        case TrailerFields: {
          const behind = this.#trailers.feed(bytes, at, end);
          if (behind < 0) return BadChunk;
          this.next = behind === 0 ? end : behind;
          return behind === 0 ? More : Done;
        }
        case LastLF:
          if (bytes[at] !== LF) return BadChunk;
          this.next = at + 1;
          return Done;
        default:
          if (!this.#frame(bytes[at++]!)) return BadChunk;
      }
    }
    this.next = end;
    return More;
  }

  #take(bytes: Uint8Array, from: number, to: number): void {
    if (this.dataEnd === this.dataStart) {
      this.dataStart = from;
      this.dataEnd = to;
      return;
    }
    bytes.copyWithin(this.dataEnd, from, to);
    this.dataEnd += to - from;
  }

  /** One byte of a size line, or behind data; false if it must not stand there. */
  #frame(byte: number): boolean {
    switch (this.#state) {
      case Size: {
        this.#line++;
        const digit = hexDigit(byte);
        if (digit >= 0) return this.#addDigit(digit);
        if (this.#digits === 0) return false;
        if (byte === CR) {
          this.#state = SizeLF;
          return true;
        }
        this.#state = Extension;
        return this.#stepExtension(BeforeSemicolon, byte);
      }
      case Extension:
        return ++this.#line <= MaxSizeLine && this.#stepExtension(this.#extension, byte);
      case SizeLF:
        return byte === LF && this.#startChunk();
      case DataCR:
        this.#state = DataLF;
        return byte === CR;
      default:
        this.#state = Size;
        this.#startLine();
        return byte === LF;
    }
  }

  #startLine(): void {
    this.#left = 0;
    this.#digits = 0;
    this.#line = 0;
  }

  #addDigit(digit: number): boolean {
    if (++this.#digits > MaxSizeDigits) return false;
    this.#left = this.#left * 16 + digit;
    return this.#left <= Number.MAX_SAFE_INTEGER;
  }

  #stepExtension(state: number, byte: number): boolean {
    this.#extension = stepExtension(state, byte);
    if (this.#extension === ExtensionEnd) this.#state = SizeLF;
    return this.#extension !== BadExtension;
  }

  #startChunk(): boolean {
    this.#excess += Math.max(0, this.#line - 16 - 2 * this.#left);
    this.#state = this.#left === 0 ? TrailerStart : Data;
    return this.#excess <= MaxExcess;
  }
}

/** -1 if `byte` is no hexadecimal digit. */
function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 0x20;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
