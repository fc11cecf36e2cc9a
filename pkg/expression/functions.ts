/** The functions of the language. What is not in this table does not exist, whatever cel-js knows: each one here is bounded. */
import type { ASTNode } from '@marcbachmann/cel-js';
import { RE2JS } from 're2js';
import { isHugePattern } from '../policy/pattern-size.ts';
import { cidrOf } from './cidr.ts';
import { ExpressionMistake } from './environment.ts';
import { ExpressionFailure } from './failure.ts';
import type { Meter } from './meter.ts';
import type { Names, Step } from './step.ts';
import { asList, asText, isMap, isNumber, keysOf, kindOf, textOf } from './value.ts';

/** Instructions of a pattern: what one character may cost. */
const MaxProgram = 1_000;
const MaxParts = 1_000;

type Native = (values: readonly unknown[], meter: Meter) => unknown;

/** By name and number of arguments; those with a dot have their receiver as first value. */
const natives: Readonly<Record<string, Native>> = {
  'size/1': ([value], meter) => size(value, meter),
  '.size/0': ([value], meter) => size(value, meter),
  'dyn/1': ([value]) => value,
  'string/1': ([value]) => textOf(value),
  'int/1': ([value]) => toInt(value),
  'double/1': ([value]) => toDouble(value),
  'bool/1': ([value]) => toBool(value),
  '.startsWith/1': texts(([text, start], meter) => scan(text!, meter).startsWith(start!)),
  '.endsWith/1': texts(([text, end], meter) => scan(text!, meter).endsWith(end!)),
  '.contains/1': texts(([text, part], meter) => scan(text!, meter).includes(part!)),
  '.lowerAscii/0': texts(([text], meter) => scan(text!, meter).replace(/[A-Z]+/g, (part) => part.toLowerCase())),
  '.upperAscii/0': texts(([text], meter) => scan(text!, meter).replace(/[a-z]+/g, (part) => part.toUpperCase())),
  '.trim/0': texts(([text], meter) => scan(text!, meter).trim()),
  '.replace/2': texts(replace),
  '.split/1': texts(split),
  '.join/0': ([list], meter) => join(list, '', meter),
  '.join/1': ([list, separator], meter) => join(list, asText(separator), meter),
  '.substring/1': ([text, start], meter) => substring(asText(text), start, undefined, meter),
  '.substring/2': ([text, start, end], meter) => substring(asText(text), start, end, meter),
  '.indexOf/1': texts(([text, part], meter) => BigInt(scan(text!, meter).indexOf(part!))),
  '.lastIndexOf/1': texts(([text, part], meter) => BigInt(scan(text!, meter).lastIndexOf(part!))),
};

type Call = Extract<ASTNode, { readonly op: 'call' | 'rcall' }>;

export function compileCall(node: Call, receiver: ASTNode | null, args: readonly ASTNode[], names: Names): Step {
  const [name] = node.args;
  const key = `${receiver === null ? '' : '.'}${name}/${args.length}`;
  if (key === '.matches/1') return compileMatches(names.compile(receiver!, names), args[0]!);
  if (key === '.containsIP/1') return compileContains(receiver!, names.compile(args[0]!, names));
  if (!Object.hasOwn(natives, key)) throw new ExpressionMistake(`${name} is not supported here`, node.start);
  const native = natives[key]!;
  const steps = [...(receiver === null ? [] : [receiver]), ...args].map((child) => names.compile(child, names));
  return (meter) =>
    native(
      steps.map((step) => step(meter)),
      meter,
    );
}

function texts(native: (texts: readonly string[], meter: Meter) => unknown): Native {
  return (values, meter) => native(values.map(asText), meter);
}

/** Looking at a text costs, too. */
function scan(text: string, meter: Meter): string {
  meter.charge(text.length >> 5);
  return text;
}

/** RE2: linear in the text, whatever the pattern. Compiled once, so the pattern has to be written out. */
function compileMatches(text: Step, node: ASTNode): Step {
  const pattern = literalText(node, 'the pattern of matches');
  const complex = `"${pattern}" is too complex; use fewer or smaller repetitions`;
  if (isHugePattern(pattern)) throw new ExpressionMistake(complex, node.start);
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    const reason = Error.isError(error) ? error.message : String(error);
    throw new ExpressionMistake(`"${pattern}" is no RE2 regular expression: ${reason}`, node.start);
  }
  const program = compiled.programSize();
  if (program > MaxProgram) throw new ExpressionMistake(complex, node.start);
  return (meter) => {
    const subject = asText(text(meter));
    // An automaton's worst case: every character meets every instruction. No shift: a product beyond 31 bits would be negative.
    meter.charge((subject.length * program) / 16);
    return compiled.test(subject);
  };
}

function compileContains(receiver: ASTNode, address: Step): Step {
  if (receiver.op !== 'call' || receiver.args[0] !== 'cidr')
    throw new ExpressionMistake('write cidr("10.0.0.0/8").containsIP(…)', receiver.start);
  const node = receiver.args[1][0]!;
  const text = literalText(node, 'the argument of cidr');
  const includes = cidrOf(text);
  if (includes === null) throw new ExpressionMistake(`"${text}" is no CIDR such as 10.0.0.0/8 or fd00::/8`, node.start);
  return (meter) => includes(asText(address(meter)));
}

function literalText(node: ASTNode, what: string): string {
  if (node.op === 'value' && typeof node.args === 'string') return node.args;
  throw new ExpressionMistake(`${what} must be written out as a string`, node.start);
}

function size(value: unknown, meter: Meter): bigint {
  if (typeof value === 'string') {
    meter.charge(value.length >> 3);
    // Code points, not UTF-16 units.
    return BigInt(Array.from(value).length);
  }
  if (Array.isArray(value)) return BigInt(value.length);
  if (isMap(value)) return BigInt(keysOf(value, meter).length);
  throw new ExpressionFailure(`a ${kindOf(value)} has no size`);
}

function replace([text, part, by]: readonly string[], meter: Meter): string {
  const pieces = split([text!, part!], meter);
  meter.charge((pieces.length * by!.length) / 16);
  return pieces.join(by);
}

function split([text, separator]: readonly string[], meter: Meter): readonly string[] {
  const parts = scan(text!, meter).split(separator!, MaxParts + 1);
  if (parts.length > MaxParts) throw new ExpressionFailure(`split gives more than ${MaxParts} parts`);
  meter.charge(parts.length);
  return parts;
}

function join(list: unknown, separator: string, meter: Meter): string {
  const parts = asList(list).map(asText);
  const length = parts.reduce((sum, part) => sum + part.length + separator.length, 0);
  meter.charge(parts.length + length / 16);
  return parts.join(separator);
}

function substring(text: string, start: unknown, end: unknown, meter: Meter): string {
  const from = Number(start);
  const to = end === undefined ? text.length : Number(end);
  if (!(from >= 0 && from <= to && to <= text.length)) throw new ExpressionFailure('substring is out of range');
  meter.charge((to - from) >> 5);
  return text.substring(from, to);
}

function toInt(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(Math.trunc(value))) return BigInt(Math.trunc(value));
  if (typeof value === 'string' && /^[+-]?[0-9]{1,18}$/.test(value)) return BigInt(value.replace('+', ''));
  throw new ExpressionFailure(`this ${kindOf(value)} is no int`);
}

function toDouble(value: unknown): number {
  if (isNumber(value)) return Number(value);
  if (typeof value === 'string' && /^[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?$/.test(value))
    return Number(value);
  throw new ExpressionFailure(`this ${kindOf(value)} is no double`);
}

function toBool(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  throw new ExpressionFailure(`this ${kindOf(value)} is no bool`);
}
