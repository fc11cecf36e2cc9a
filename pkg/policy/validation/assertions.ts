/** Keywords that look at one value: types, bounds, patterns, formats. Each compiles to a check. */
import { RE2JS } from 're2js';
import { isJsonObject } from '../json.ts';
import { isHugePattern } from '../pattern-size.ts';
import { annotations, formats } from './formats.ts';
import type { Check, Run } from './run.ts';
import { naturalOf, numberOf, type Place, SchemaMistake, textsOf } from './schema-mistake.ts';

/** Instructions of a pattern: what one character may cost. */
const MaxProgram = 1_000;

export type Assertion = (place: Place) => Check;

const text = (test: (value: string, run: Run) => boolean, message: string): Check => {
  return (value, path, run) => typeof value !== 'string' || test(value, run) || run.fail(path, message);
};
const number = (test: (value: number) => boolean, message: string): Check => {
  return (value, path, run) => typeof value !== 'number' || test(value) || run.fail(path, message);
};
const list = (test: (value: readonly unknown[], run: Run) => boolean, message: string): Check => {
  return (value, path, run) => !Array.isArray(value) || test(value, run) || run.fail(path, message);
};
const size = (test: (count: number) => boolean, message: string): Check => {
  return (value, path, run) => !isJsonObject(value) || test(Object.keys(value).length) || run.fail(path, message);
};

export const assertions: Readonly<Record<string, Assertion>> = {
  type: compileType,
  enum: (place) => compileEnum(place),
  const: ({ value }) => compileConst(value),
  minLength: bound((limit) =>
    text((value, run) => lengthOf(value, run) >= limit, `must have at least ${limit} characters`),
  ),
  maxLength: bound((limit) =>
    text((value, run) => lengthOf(value, run) <= limit, `must have at most ${limit} characters`),
  ),
  pattern: (place) => {
    const matches = compilePattern(place.value, place.at);
    return text(matches, 'must match the pattern');
  },
  format: compileFormat,
  minimum: limit((least) => number((value) => value >= least, `must be at least ${least}`)),
  maximum: limit((most) => number((value) => value <= most, `must be at most ${most}`)),
  exclusiveMinimum: limit((least) => number((value) => value > least, `must be more than ${least}`)),
  exclusiveMaximum: limit((most) => number((value) => value < most, `must be less than ${most}`)),
  multipleOf: (place) => {
    const divisor = numberOf(place);
    if (divisor <= 0) throw new SchemaMistake('multipleOf must be more than 0', place.at);
    return number((value) => isMultiple(value, divisor), `must be a multiple of ${divisor}`);
  },
  minItems: bound((limit) => list((value) => value.length >= limit, `must have at least ${limit} items`)),
  maxItems: bound((limit) => list((value) => value.length <= limit, `must have at most ${limit} items`)),
  uniqueItems: ({ value }) => (value === true ? list(isUnique, 'must have no item twice') : () => true),
  minProperties: bound((limit) => size((count) => count >= limit, `must have at least ${limit} members`)),
  maxProperties: bound((limit) => size((count) => count <= limit, `must have at most ${limit} members`)),
  required: compileRequired,
};

function bound(make: (limit: number) => Check): Assertion {
  return (place) => make(naturalOf(place));
}

function limit(make: (limit: number) => Check): Assertion {
  return (place) => make(numberOf(place));
}

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  null: (value) => value === null,
  boolean: (value) => typeof value === 'boolean',
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  array: (value) => Array.isArray(value),
  object: isJsonObject,
};

function compileType(place: Place): Check {
  const names = typeof place.value === 'string' ? [place.value] : textsOf(place);
  const unknown = names.find((name) => !Object.hasOwn(types, name));
  if (unknown !== undefined) throw new SchemaMistake(`"${unknown}" is no type`, place.at);
  const tests = names.map((name) => types[name]!);
  const message = `must be ${names.join(' or ')}`;
  return (value, path, run) => tests.some((test) => test(value)) || run.fail(path, message);
}

function compileEnum({ value, at }: Place): Check {
  if (!Array.isArray(value)) throw new SchemaMistake('enum must be a list', at);
  const members = new Set(value.map((member) => canonical(member)));
  return (candidate, path, run) =>
    members.has(canonical(candidate, run)) || run.fail(path, 'must be one of the allowed values');
}

function compileConst(value: unknown): Check {
  const wanted = canonical(value);
  return (candidate, path, run) => canonical(candidate, run) === wanted || run.fail(path, 'must be the allowed value');
}

function compileRequired(place: Place): Check {
  const names = textsOf(place);
  return (value, path, run) => {
    if (!isJsonObject(value)) return true;
    run.charge(names.length);
    let passes = true;
    for (const name of names) {
      if (Object.hasOwn(value, name)) continue;
      passes = run.fail({ parent: path, key: name }, 'is required');
      if (run.full) break;
    }
    return passes;
  };
}

function compileFormat({ value, at }: Place): Check {
  if (typeof value === 'string' && annotations.has(value)) return () => true;
  if (typeof value !== 'string' || !Object.hasOwn(formats, value))
    throw new SchemaMistake(`format "${String(value)}" is not checked here; remove it, or use a pattern`, at);
  const test = formats[value]!;
  return text((candidate, run) => {
    run.charge(candidate.length >> 5);
    return test(candidate);
  }, `must be of format ${value}`);
}

/** RE2: linear in the text, whatever the pattern. */
export function compilePattern(pattern: unknown, at: string): (text: string, run: Run) => boolean {
  if (typeof pattern !== 'string') throw new SchemaMistake('a pattern must be a string', at);
  const complex = `"${pattern.slice(0, 100)}" is too complex; use fewer or smaller repetitions`;
  if (isHugePattern(pattern)) throw new SchemaMistake(complex, at);
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    const reason = Error.isError(error) ? error.message : String(error);
    throw new SchemaMistake(`"${pattern.slice(0, 100)}" is no RE2 regular expression: ${reason.slice(0, 200)}`, at);
  }
  const program = compiled.programSize();
  if (program > MaxProgram) throw new SchemaMistake(complex, at);
  return (subject, run) => {
    // No shift: of 5 MB and 456 instructions the product would be negative, and give steps instead of taking them.
    run.charge((subject.length * program) / 32);
    return compiled.test(subject);
  };
}

/** "The length of a string instance is defined as the number of its characters as defined by RFC 8259": code points. */
function lengthOf(value: string, run: Run): number {
  run.charge(value.length >> 5);
  return value.length - (value.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

/** As people count: 0.3 is a multiple of 0.1, which its doubles deny. */
function isMultiple(value: number, divisor: number): boolean {
  const quotient = value / divisor;
  return Math.abs(quotient - Math.round(quotient)) <= 1e-9 * Math.max(1, Math.abs(quotient));
}

function isUnique(items: readonly unknown[], run: Run): boolean {
  return new Set(items.map((item) => canonical(item, run))).size === items.length;
}

/** Equal texts for equal values: members sorted, 1.0 as 1. */
function canonical(value: unknown, run?: Run): string {
  run?.charge(1);
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, run)).join()}]`;
  if (isJsonObject(value))
    return `{${Object.keys(value)
      .sort()
      .map((name) => `${JSON.stringify(name)}:${canonical(value[name], run)}`)
      .join()}}`;
  if (typeof value === 'string') run?.charge(value.length >> 5);
  return JSON.stringify(value);
}
