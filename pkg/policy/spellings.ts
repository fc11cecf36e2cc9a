/** Names of header fields, as all who stand behind the gateway may read them. */
import type { HeaderView } from './runtime.ts';

const MAX_HYPHENS = 5;

/**
 * Every spelling under which a backend could read the header: CGI, WSGI and Rack make `_` of `-`, so `X_User` is X-User to them.
 * @returns names in lower case; of those with more than five hyphens the two plain ones and the name itself
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

/** Takes out every field that a backend could read as one of these. @param names in any case */
export function createEraser(names: readonly string[]): (headers: HeaderView) => void {
  const known = [...new Set(names.flatMap(spellings))];
  const long = names.filter((name) => hyphensOf(name) > MAX_HYPHENS);
  return (headers) => {
    for (const name of known) headers.remove(name);
    if (long.length > 0) eraseAlike(headers, long);
  };
}

/** The same for names that are known only now: looks at every line. */
export function eraseAlike(headers: HeaderView, names: readonly string[]): void {
  if (names.length === 0) return;
  const wanted = new Set(names.map(plain));
  for (const [name] of headers.lines()) if (wanted.has(plain(name))) headers.remove(name);
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

function hyphensOf(name: string): number {
  return plain(name).split('-').length - 1;
}
