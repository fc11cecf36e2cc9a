/** The control-plane half of expressions, for every policy that has some: mistakes become problems of the object. */
import { explainMistake, type Wanted } from '../expression/expression.ts';
import type { Scope, Sources } from '../expression/variables.ts';
import type { Problem } from '../status/problem.ts';
import type { PolicyContext } from './context.ts';
import { unsupported } from './translated.ts';

/** @param path of the field that holds `source` */
export function expressionProblems(
  source: string | undefined,
  wanted: Wanted,
  path: string,
  scope: Scope = {},
): readonly Problem[] {
  const mistake = source === undefined ? '' : explainMistake(source, wanted, scope);
  return mistake === '' ? [] : [unsupported(path, `${mistake}; correct the CEL expression`)];
}

/** What expressions may name. Nothing is evaluated here. */
export function sourcesOf({ hasCountries }: Pick<PolicyContext, 'hasCountries'>): Sources {
  return hasCountries ? { countries: () => () => undefined } : {};
}
