/** Chunk extensions (RFC 9112 7.1.1), checked byte by byte so that they can be dropped with a good conscience. Used by `chunked.ts`. */
import { isTextByte, isTokenByte } from './head.ts';

/** States. `chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )` */
export const BeforeSemicolon = 1;
const NameStart = 2;
const Name = 3;
const AfterName = 4;
const ValueStart = 5;
const Value = 6;
const Quoted = 7;
const QuotedPair = 8;
const AfterQuoted = 9;

/** The CR behind a complete extension was read. */
export const ExtensionEnd = 0;
export const BadExtension = -1;

const Tab = 9;
const CR = 13;
const Space = 32;
const Quote = 34;
const Semicolon = 59;
const Equals = 61;
const Backslash = 92;

/** @returns the state behind `byte`, ExtensionEnd, or BadExtension */
export function stepExtension(state: number, byte: number): number {
  const space = byte === Space || byte === Tab;
  switch (state) {
    case BeforeSemicolon:
      return space ? BeforeSemicolon : byte === Semicolon ? NameStart : BadExtension;
    case NameStart:
      return space ? NameStart : isTokenByte(byte) ? Name : BadExtension;
    case Name:
      if (isTokenByte(byte)) return Name;
      if (space) return AfterName;
      return byte === Equals ? ValueStart : afterValue(byte);
    case AfterName:
      if (space) return AfterName;
      return byte === Equals ? ValueStart : byte === Semicolon ? NameStart : BadExtension;
    case ValueStart:
      if (space) return ValueStart;
      return byte === Quote ? Quoted : isTokenByte(byte) ? Value : BadExtension;
    case Value:
      if (isTokenByte(byte)) return Value;
      return space ? BeforeSemicolon : afterValue(byte);
    case Quoted:
      if (byte === Quote) return AfterQuoted;
      return byte === Backslash ? QuotedPair : isTextByte(byte) ? Quoted : BadExtension;
    case QuotedPair:
      return isTextByte(byte) ? Quoted : BadExtension;
    case AfterQuoted:
      return space ? BeforeSemicolon : afterValue(byte);
    default:
      return BadExtension;
  }
}

function afterValue(byte: number): number {
  return byte === Semicolon ? NameStart : byte === CR ? ExtensionEnd : BadExtension;
}
