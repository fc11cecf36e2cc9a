/**
 * Compiles a structural schema into a function that checks and defaults one value, as the API server does for a CRD:
 * types, required and unknown fields, bounds, patterns, enums, list maps, defaults. Used by validate.ts.
 *
 * Own code instead of ajv: the messages must say what to write, and patterns must run in linear time, since tenants choose the texts.
 */
import { boolean, integer, intOrString, string } from './checker-scalars.ts';
import { describeValue } from './describe-value.ts';
import { nearest } from './nearest.ts';
import { Findings, quote } from './problem.ts';
import type { StructuralSchema } from './structural.ts';

/** Returns a frozen copy with defaults; what it returns next to a reported problem has no meaning. */
export type Check = (value: unknown, findings: Findings) => unknown;

export interface CheckerOptions {
  /** Core kinds read null as absent; custom resources do so only for a field with a default. */
  readonly nullIsAbsent: boolean;
}

export function compileCheck(schema: StructuralSchema, options: CheckerOptions): Check {
  if (schema.unread) return () => undefined;
  if (schema['x-kubernetes-int-or-string']) return intOrString(schema);
  if (schema.type === undefined) throw new Error(`schema without a type: ${JSON.stringify(schema).slice(0, 200)}`);
  return COMPILERS[schema.type](schema, options);
}

type Compiler = (schema: StructuralSchema, options: CheckerOptions) => Check;

const COMPILERS: Readonly<Record<NonNullable<StructuralSchema['type']>, Compiler>> = {
  object: (schema, options) => (schema.additionalProperties ? map(schema, options) : record(schema, options)),
  array: list,
  string,
  integer,
  boolean,
};

interface Field {
  readonly name: string;
  readonly check: Check;
  readonly unread: boolean;
  readonly initial: (() => unknown) | undefined;
}

function record(schema: StructuralSchema, options: CheckerOptions): Check {
  const fields = new Map<string, Field>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const check = compileCheck(property, options);
    fields.set(name, { name, check, unread: property.unread === true, initial: initialValue(property, check) });
  }
  const defaulted = [...fields.values()].filter((field) => field.initial !== undefined);
  const required = schema.required ?? [];
  return (value, findings) => {
    if (!isRecord(value)) return reportType(value, 'a map', findings);
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      const given = value[key];
      const field = fields.get(key);
      if (field === undefined) reportUnknown(key, fields, findings);
      else if (!field.unread && !isAbsent(given, field, options)) {
        findings.enter(key);
        result[key] = field.check(given, findings);
        findings.leave();
      }
    }
    for (const field of defaulted) {
      if (!Object.hasOwn(result, field.name)) result[field.name] = field.initial?.();
    }
    for (const name of required) {
      if (!Object.hasOwn(result, name)) findings.report('is required', `add ${name}`, name);
    }
    return Object.freeze(result);
  };
}

function isAbsent(given: unknown, field: Field, options: CheckerOptions): boolean {
  return given === undefined || (given === null && (options.nullIsAbsent || field.initial !== undefined));
}

/** The default, itself checked and defaulted, so that a default `{}` gets the defaults of its members. Made when first asked for. */
function initialValue(schema: StructuralSchema, check: Check): (() => unknown) | undefined {
  if (schema.default === undefined) return undefined;
  let value: unknown;
  return () => {
    if (value === undefined) {
      const findings = new Findings();
      value = check(schema.default, findings);
      if (findings.problems.length > 0) throw new Error(`default ${JSON.stringify(schema.default)} breaks its schema`);
    }
    return value;
  };
}

function reportUnknown(key: string, fields: ReadonlyMap<string, Field>, findings: Findings): void {
  const guess = nearest(key, fields.keys());
  const known = [...fields.keys()].slice(0, 12).join(', ');
  const hint = guess === undefined ? `remove it; known here: ${known}` : `did you mean ${guess}?`;
  findings.report(`unknown field ${quote(key)}`, hint, key);
}

function map(schema: StructuralSchema, options: CheckerOptions): Check {
  const check = compileCheck(schema.additionalProperties!, options);
  return (value, findings) => {
    if (!isRecord(value)) return reportType(value, 'a map', findings);
    const keys = Object.keys(value);
    if (schema.maxProperties !== undefined && keys.length > schema.maxProperties) {
      findings.report(`has ${keys.length} entries`, `keep at most ${schema.maxProperties}`);
      return undefined;
    }
    const result: Record<string, unknown> = {};
    for (const key of keys) {
      if (value[key] === null && options.nullIsAbsent) continue;
      findings.enter(key);
      const checked = check(value[key], findings);
      findings.leave();
      // Plain assignment to `__proto__` would set the prototype: keys are what users write.
      if (key === '__proto__') Object.defineProperty(result, key, { value: checked, enumerable: true });
      else result[key] = checked;
    }
    return Object.freeze(result);
  };
}

function list(schema: StructuralSchema, options: CheckerOptions): Check {
  const check = compileCheck(schema.items!, options);
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  const identity = identityOf(schema);
  return (value, findings) => {
    if (!Array.isArray(value)) return reportType(value, 'a list', findings);
    if (value.length < minItems) findings.report(`has ${value.length} items`, `give at least ${minItems}`);
    if (value.length > maxItems) {
      findings.report(`has ${value.length} items`, `keep at most ${maxItems}`);
      return undefined;
    }
    const before = findings.problems.length;
    const result = Array.from<unknown, unknown>(value, (item, index) => {
      findings.enter(index);
      const checked = check(item, findings);
      findings.leave();
      return checked;
    });
    if (identity !== undefined && findings.problems.length === before) reportDuplicates(result, identity, findings);
    return Object.freeze(result);
  };
}

interface Identity {
  readonly keys: readonly string[];
  readonly of: (item: unknown) => string;
}

function identityOf(schema: StructuralSchema): Identity | undefined {
  if (schema['x-kubernetes-list-type'] === 'set') return { keys: [], of: (item) => JSON.stringify(item) };
  if (schema['x-kubernetes-list-type'] !== 'map') return undefined;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return { keys, of: (item) => JSON.stringify(keys.map((key) => (item as Record<string, unknown>)[key])) };
}

function reportDuplicates(items: readonly unknown[], { keys, of }: Identity, findings: Findings): void {
  const first = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const id = of(item);
    const earlier = first.get(id);
    if (earlier === undefined) first.set(id, index);
    else if (keys.length === 0) findings.report(`repeats item [${earlier}]`, 'remove one of them', index);
    else
      findings.report(`has the same ${keys.join(' and ')} as item [${earlier}]`, 'rename or remove one of them', index);
  }
}

function reportType(value: unknown, expected: 'a map' | 'a list', findings: Findings): undefined {
  const hint =
    value === null
      ? 'give it a value or remove the field'
      : expected === 'a list'
        ? 'write a list: start each item with "- "'
        : 'write "key: value" lines, indented, without "- " before them';
  findings.report(`must be ${expected}, not ${describeValue(value)}`, hint);
  return undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
