/** A wrong value, in the words of a message. */
import { quote } from './problem.ts';

export function describeValue(value: unknown): string {
  if (value === null) return 'null (nothing stands after the colon)';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return `the text ${quote(value)}`;
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`;
  return typeof value === 'object' ? 'a map' : `a ${typeof value}`;
}
