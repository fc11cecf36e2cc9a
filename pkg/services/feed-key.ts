/** The name of a feed between threads: the same for all who give the same configuration, in whatever order they wrote its members. */
import { hash } from 'node:crypto';
import type { Feed } from '../policy/feeds.ts';

export function feedKey({ kind, config }: Feed): string {
  return `${kind} ${hash('sha256', JSON.stringify(sorted(config)), 'hex')}`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, member]): [string, unknown] => [name, sorted(member)]);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
