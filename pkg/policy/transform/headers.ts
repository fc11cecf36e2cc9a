/** Data-plane half of header transforms. */
import { fieldValue } from '../field-value.ts';
import type { Exchange, HeaderView } from '../runtime.ts';
import { createEraser } from '../spellings.ts';
import type { HeadersTransform } from './schema.ts';
import { compileValues, type ValueContext } from './values.ts';

/** Computes at once, and gives what then changes the fields. */
export type HeaderChange = (exchange: Exchange) => (headers: HeaderView) => void;

const none: readonly (readonly [to: string, value: string | undefined])[] = [];

export function createHeaderChange(
  { remove, rename, set, add }: HeadersTransform,
  context: ValueContext,
): HeaderChange {
  const setValues = compileValues(set, 'header', fieldValue, context);
  const addValues = compileValues(add, 'header', fieldValue, context);
  const eraseRemoved = createEraser(remove);
  const eraseCopies = createEraser([...rename.flatMap(({ from, to }) => [from, to]), ...set.map(({ name }) => name)]);
  return (exchange) => {
    const setting = setValues(exchange);
    const adding = addValues(exchange);
    return (headers) => {
      eraseRemoved(headers);
      const renamed = rename.length === 0 ? none : rename.map(({ to, from }) => [to, headers.get(from)] as const);
      eraseCopies(headers);
      for (const [to, value] of renamed) if (value !== undefined) headers.set(to, value);
      for (const [name, value] of setting) headers.set(name, value);
      for (const [name, value] of adding) headers.add(name, value);
    };
  };
}
