/** Checks of strings, integers and booleans for checker.ts. */
import { RE2JS } from 're2js';
import type { Check } from './checker.ts';
import { describeValue } from './describe-value.ts';
import { nearest } from './nearest.ts';
import { explainPattern } from './pattern.ts';
import { type Findings, quote } from './problem.ts';
import type { StructuralSchema } from './structural.ts';

export function string(schema: StructuralSchema): Check {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = schema;
  // RE2: `^[!-~]+([\t ]?[!-~]+)*$`, of the official CRDs, takes exponential time in a backtracking engine.
  const regex = pattern === undefined ? undefined : RE2JS.compile(pattern);
  const choices = schema.enum === undefined ? undefined : new Set<unknown>(schema.enum);
  return (value, findings) => {
    if (typeof value !== 'string') return reportNoString(value, findings);
    if (choices !== undefined) return choices.has(value) ? value : reportChoice(value, schema.enum ?? [], findings);
    if (value.length < minLength) {
      findings.report('must not be empty', 'give it a value or remove the field');
    } else if (value.length > maxLength && codePoints(value) > maxLength) {
      findings.report(`has ${codePoints(value)} characters`, `keep at most ${maxLength}`);
    } else if (regex?.test(value) === false) {
      findings.report(`${quote(value)} is not valid`, explainPattern(pattern!));
    }
    return value;
  };
}

export function integer(schema: StructuralSchema): Check {
  const most = schema.format === 'int32' ? 2_147_483_647 : Number.MAX_SAFE_INTEGER;
  const minimum = schema.minimum ?? -most - 1;
  const maximum = schema.maximum ?? most;
  const choices = schema.enum === undefined ? undefined : new Set<unknown>(schema.enum);
  return (value, findings) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) return reportNoInteger(value, findings);
    if (choices !== undefined) return choices.has(value) ? value : reportChoice(value, schema.enum ?? [], findings);
    if (value < minimum || value > maximum) {
      findings.report(`${value} is out of range`, `use ${minimum} to ${maximum}`);
    }
    return value;
  };
}

export function boolean(): Check {
  return (value, findings) => {
    if (typeof value === 'boolean') return value;
    const hint =
      value === 'true' || value === 'false' ? `remove the quotes: ${value}` : 'write true or false, without quotes';
    findings.report(`must be true or false, not ${describeValue(value)}`, hint);
    return undefined;
  };
}

export function intOrString(schema: StructuralSchema): Check {
  const number = integer(schema);
  const words = string(schema);
  return (value, findings) => (typeof value === 'number' ? number(value, findings) : words(value, findings));
}

function reportNoString(value: unknown, findings: Findings): undefined {
  findings.report(`must be text, not ${describeValue(value)}`, hintForText(value));
  return undefined;
}

function hintForText(value: unknown): string {
  if (typeof value === 'boolean') {
    // What was written is not known any more: "on" arrives as true.
    return 'put it in quotes (YAML reads an unquoted on, off, yes, no, y or n as a boolean)';
  }
  if (typeof value === 'number') return `put it in quotes: "${value}"`;
  return value === null ? 'give it a value or remove the field' : 'write one text';
}

function reportNoInteger(value: unknown, findings: Findings): undefined {
  const quoted = typeof value === 'string' && /^-?[0-9]{1,15}$/.test(value);
  const hint = quoted
    ? `remove the quotes: ${value}`
    : value === null
      ? 'give it a value or remove the field'
      : 'write a whole number';
  findings.report(`must be a whole number, not ${describeValue(value)}`, hint);
  return undefined;
}

function reportChoice(value: string | number, choices: readonly (string | number)[], findings: Findings): undefined {
  const guess = typeof value === 'string' ? nearest(value, choices.map(String)) : undefined;
  const all = `use ${choices.length > 1 ? 'one of ' : ''}${choices.join(', ')}`;
  const shown = typeof value === 'string' ? quote(value) : value;
  findings.report(`${shown} is not supported`, guess === undefined ? all : `did you mean ${guess}? (${all})`);
  return undefined;
}

/** As the API server counts: utf8.RuneCountInString. */
function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
