/** What expressions compute with: JSON as it is, integers as BigInt, maps that an expression writes as Map. */
import { ExpressionFailure } from './failure.ts';
import type { Meter } from './meter.ts';

export function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new ExpressionFailure(`expected a string, found ${kindOf(value)}`);
}

export function asBool(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new ExpressionFailure(`expected a bool, found ${kindOf(value)}`);
}

export function asList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  throw new ExpressionFailure(`expected a list, found ${kindOf(value)}`);
}

const kinds: Readonly<Record<string, string>> = {
  string: 'string',
  bigint: 'int',
  number: 'double',
  boolean: 'bool',
  object: 'map',
};

export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : (kinds[typeof value] ?? 'nothing');
}

/** Own entries only: `__proto__` and `constructor` are keys like any other, and are there only if somebody sent them. */
export function entryOf(map: unknown, key: unknown): unknown {
  if (map instanceof Map) return map.get(key);
  if (typeof key === 'string' && isMap(map) && Object.hasOwn(map, key)) return (map as Record<string, unknown>)[key];
  return undefined;
}

export function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function keysOf(map: object, meter: Meter): readonly unknown[] {
  const keys: readonly unknown[] = map instanceof Map ? [...map.keys()] : Object.keys(map);
  meter.charge(keys.length);
  return keys;
}

/** CEL's equality: values of different kinds differ, numbers compare by what they are worth. */
export function equal(a: unknown, b: unknown, meter: Meter): boolean {
  if (typeof a === 'string' && typeof b === 'string') {
    meter.charge(Math.min(a.length, b.length) >> 6);
    return a === b;
  }
  if (a === b) return true;
  if (isNumber(a) && isNumber(b)) return a == b; // eslint-disable-line eqeqeq -- the one comparison of BigInt with number
  if (Array.isArray(a) && Array.isArray(b)) return equalLists(a, b, meter);
  if (isMap(a) && isMap(b)) return equalMaps(a, b, meter);
  return false;
}

function equalLists(a: readonly unknown[], b: readonly unknown[], meter: Meter): boolean {
  if (a.length !== b.length) return false;
  meter.charge(a.length);
  return a.every((value, i) => equal(value, b[i], meter));
}

function equalMaps(a: object, b: object, meter: Meter): boolean {
  const keys = keysOf(a, meter);
  if (keys.length !== keysOf(b, meter).length) return false;
  return keys.every((key) => {
    const other = entryOf(b, key);
    return other !== undefined && equal(entryOf(a, key), other, meter);
  });
}

/** @returns negative, 0, positive; NaN if they have no order */
export function compare(a: unknown, b: unknown, meter: Meter): number {
  if (typeof a === 'string' && typeof b === 'string') {
    meter.charge(Math.min(a.length, b.length) >> 6);
    return a < b ? -1 : a > b ? 1 : 0;
  }
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : a == b ? 0 : Number.NaN; // eslint-disable-line eqeqeq
  throw new ExpressionFailure(`${kindOf(a)} and ${kindOf(b)} have no order`);
}

export function isNumber(value: unknown): value is bigint | number {
  return typeof value === 'bigint' || typeof value === 'number';
}

/** What a value looks like in a header: texts, numbers and bools only. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (isNumber(value) || typeof value === 'boolean') return String(value);
  throw new ExpressionFailure(`a ${kindOf(value)} is no text`);
}

/** JSON of a value: BigInts become numbers, Maps objects. */
export function jsonOf(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    throw new ExpressionFailure(`${value} is too large for a JSON number`);
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new ExpressionFailure(`${value} is no JSON number`);
  if (Array.isArray(value)) return value.map(jsonOf);
  // fromEntries defines its keys, so `__proto__` is one of them and no prototype.
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, entry]) => [String(key), jsonOf(entry)]));
  return value;
}
