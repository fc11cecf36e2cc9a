/** Fields that a filter sets on one message after the other: checked once, and kept as the bytes that go out. */
import { Buffer } from 'node:buffer';
import { checkField } from './field-syntax.ts';

export interface PreparedFields {
  readonly names: readonly string[];
  readonly lower: readonly string[];
  readonly values: readonly string[];
  /** Lines with their ends. */
  readonly bytes: Buffer;
  /** Bit `length & 31` of every name's length: it alone tells nearly all other names from these. */
  readonly lengths: number;
  /** Date is one of them, which the gateway writes where it is missing. */
  readonly dated: boolean;
}

/** @param lines names and values, no name twice. Throws a RangeError on anything else */
export function prepareFields(lines: readonly (readonly [name: string, value: string])[]): PreparedFields {
  const lower = lines.map(([name, value]) => checkField(name, value));
  if (new Set(lower).size < lower.length) throw new RangeError('a field is prepared twice');
  return {
    names: lines.map(([name]) => name),
    lower,
    values: lines.map(([, value]) => value),
    bytes: Buffer.from(lines.map(([name, value]) => `${name}: ${value}\r\n`).join(''), 'latin1'),
    lengths: lower.reduce((bits, name) => bits | lengthBit(name.length), 0),
    dated: lower.includes('date'),
  };
}

export function lengthBit(length: number): number {
  return 1 << (length & 31);
}
