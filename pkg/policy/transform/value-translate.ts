/** Control-plane half of values: written out, or computed. */
import type { Scope } from '../../expression/variables.ts';
import type { Problem } from '../../status/problem.ts';
import { expressionProblems } from '../expression-translation.ts';
import { unsupported } from '../translated.ts';
import type { NamedValue } from './schema.ts';
import type { EitherSpec } from './spec.ts';

/** @param check what is wrong with a text that is written out; `''` for nothing */
export function valueProblems(
  { name, value, expression }: EitherSpec,
  path: string,
  scope: Scope,
  check: (text: string) => string,
): readonly Problem[] {
  if ((value === undefined) === (expression === undefined))
    return [unsupported(path, `write either value or expression for ${name}`)];
  if (value === undefined) return expressionProblems(expression, 'text', `${path}.expression`, scope);
  const mistake = check(value);
  return mistake === '' ? [] : [unsupported(`${path}.value`, `the value of ${name} ${mistake}`)];
}

export function namedValue({ name, value, expression = '' }: EitherSpec): NamedValue {
  return {
    name,
    value: value === undefined ? { kind: 'expression', source: expression } : { kind: 'text', text: value },
  };
}
