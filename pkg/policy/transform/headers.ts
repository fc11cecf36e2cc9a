/** Data-plane half of header transforms. */
import type { Scope } from '../../expression/variables.ts';
import { fieldValue } from '../field-value.ts';
import type { Exchange, HeaderView } from '../runtime.ts';
import type { HeadersTransform } from './schema.ts';
import { compileValues } from './values.ts';

/** Computes at once, and gives what then changes the fields. */
export type HeaderChange = (exchange: Exchange) => (headers: HeaderView) => void;

const none: readonly (readonly [to: string, value: string | undefined])[] = [];

export function createHeaderChange({ remove, rename, set, add }: HeadersTransform, scope: Scope): HeaderChange {
  const setValues = compileValues(set, fieldValue, scope);
  const addValues = compileValues(add, fieldValue, scope);
  const copies = [...rename.map(({ to }) => to), ...set.map(({ name }) => name)].flatMap(spellings);
  return (exchange) => {
    const setting = setValues(exchange);
    const adding = addValues(exchange);
    return (headers) => {
      for (const name of remove) headers.remove(name);
      const renamed = rename.length === 0 ? none : rename.map(({ to, from }) => [to, headers.get(from)] as const);
      for (const { from } of rename) headers.remove(from);
      for (const name of copies) headers.remove(name);
      for (const [to, value] of renamed) if (value !== undefined) headers.set(to, value);
      for (const [name, value] of setting) headers.set(name, value);
      for (const [name, value] of adding) headers.add(name, value);
    };
  };
}

/** `x-user` and `x_user` are one name to backends that read fields as CGI variables (RFC 3875 4.1.18). */
function spellings(name: string): readonly string[] {
  const lower = name.toLowerCase();
  return lower.includes('-') ? [lower, lower.replaceAll('-', '_')] : [lower];
}
