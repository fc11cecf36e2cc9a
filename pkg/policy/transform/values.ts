/** Data-plane half of values. */
import { compileExpression, ExpressionFailure } from '../../expression/expression.ts';
import type { Scope } from '../../expression/variables.ts';
import type { Exchange } from '../runtime.ts';
import type { NamedValue } from './schema.ts';

export type Pair = readonly [name: string, value: string];

/**
 * The entries that have a value here. Computed together, before anything is changed, so that no entry sees what another did.
 * Without a value is an expression that fails, and a text that may not stand where it would: what was there under the name is
 * gone all the same, so nothing that the other side sent is taken for it.
 * @param accept what becomes of a text; null for one that may not stand there
 */
export function compileValues<E extends NamedValue>(
  entries: readonly E[],
  accept: (text: string, entry: E) => string | null,
  scope: Scope,
): (exchange: Exchange) => readonly Pair[] {
  const steps = entries.map((entry): ((exchange: Exchange) => Pair | null) => {
    const { name, value } = entry;
    const pair = (text: string | null): Pair | null => (text === null ? null : [name, text]);
    if (value.kind === 'text') {
      const constant = pair(accept(value.text, entry));
      return () => constant;
    }
    const expression = compileExpression(value.source, 'text', scope);
    return (exchange) => {
      try {
        return pair(accept(expression.evaluate(exchange), entry));
      } catch (error) {
        if (error instanceof ExpressionFailure) return null;
        throw error;
      }
    };
  });
  const all = (exchange: Exchange): readonly Pair[] => {
    const pairs: Pair[] = [];
    for (const step of steps) {
      const pair = step(exchange);
      if (pair !== null) pairs.push(pair);
    }
    return pairs;
  };
  if (entries.some(({ value }) => value.kind === 'expression')) return all;
  const constant = all(undefined as never);
  return () => constant;
}
