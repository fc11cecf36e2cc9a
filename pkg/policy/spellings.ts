/** Names of header fields, as all who stand behind the gateway may read them. */
import type { HeaderView } from './runtime.ts';

const MAX_HYPHENS = 5;

/**
 * Every spelling under which a backend could read the header: CGI, WSGI and Rack make `_` of `-`, so `X_User` is X-User to them.
 * @returns names in lower case
 */
export function spellings(header: string): readonly string[] {
  const parts = header.toLowerCase().split(/[-_]/);
  if (parts.length - 1 > MAX_HYPHENS) return [parts.join('-'), parts.join('_'), header.toLowerCase()];
  return parts
    .slice(1)
    .reduce((names, part) => names.flatMap((name) => [`${name}-${part}`, `${name}_${part}`]), [
      parts[0] ?? '',
    ] as readonly string[]);
}

export function removeAll(headers: HeaderView, names: readonly string[]): void {
  for (const name of names) headers.remove(name);
}
