/** Data-plane half of values. */
import { compileExpression, ExpressionFailure } from '../../expression/expression.ts';
import type { Scope } from '../../expression/variables.ts';
import type { Exchange, FilterEnv } from '../runtime.ts';
import type { NamedValue } from './schema.ts';

/** What the values of one direction are computed with. */
export interface ValueContext {
  readonly scope: Scope;
  readonly dropped: FilterEnv['dropped'];
}

export type Pair = readonly [name: string, value: string];

/**
 * The entries that have a value here. Computed together, before anything is changed, so that no entry sees what another did.
 * Without a value is an expression that fails, and a text that may not stand where it would: what was there under the name is
 * gone all the same, so nothing that the other side sent is taken for it.
 * @param kind of what the entries name: `header`
 * @param accept what becomes of a text; null for one that may not stand there
 */
export function compileValues<E extends NamedValue>(
  entries: readonly E[],
  kind: string,
  accept: (text: string, entry: E) => string | null,
  { scope, dropped }: ValueContext,
): (exchange: Exchange) => readonly Pair[] {
  const steps = entries.map((entry): ((exchange: Exchange) => Pair | null) => {
    const { name, value } = entry;
    if (value.kind === 'text') {
      const text = accept(value.text, entry);
      const constant: Pair | null = text === null ? null : [name, text];
      return () => constant;
    }
    const expression = compileExpression(value.source, 'text', scope);
    const place = placeOf(scope, kind, name);
    return (exchange) => {
      try {
        const text = accept(expression.evaluate(exchange), entry);
        if (text !== null) return [name, text];
        dropped(place, 'invalid');
      } catch (error) {
        if (!(error instanceof ExpressionFailure)) throw error;
        dropped(place, 'failed');
      }
      return null;
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

/** `request header X-User`: for the log. */
export function placeOf({ response }: Scope, kind: string, name: string): string {
  return `${response === true ? 'response' : 'request'} ${kind} ${name}`;
}
