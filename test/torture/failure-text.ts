/** What failed and should not have, in a few words for the notes of a row. */
import type { Failure } from './traffic.ts';

/** `; not to be lost: 3 × GET error 502 upstream-reset`, the most frequent first, at most three kinds; `''` if there is nothing to tell. */
export function failureText(failures: readonly Failure[]): string {
  const kinds = new Map<string, number>();
  for (const failure of failures) {
    const text = kindOf(failure);
    kinds.set(text, (kinds.get(text) ?? 0) + 1);
  }
  const few = [...kinds].sort((a, b) => b[1] - a[1]).slice(0, 3);
  if (few.length === 0) return '';
  return `; not to be lost: ${few.map(([text, count]) => `${count} × ${text}`).join(', ')}`;
}

function kindOf({ method, kind, status, code, received, reused }: Failure): string {
  switch (kind) {
    case 'error':
      return `${method} ${status} ${code}`;
    case 'status':
      return `${method} ${status}`;
    case 'cut':
      return `${method} cut ${received > 0 ? 'within the answer' : reused ? 'before it' : 'on a new connection'}`;
    case 'connect':
    case 'patience':
    case 'invalid':
    case 'misrouted':
    case 'damaged':
      break;
  }
  return `${method} ${kind}`;
}
