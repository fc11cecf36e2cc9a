/** A wrong value, in the words of a message. */
import { quote } from './problem.ts';

export function describeValue(value: unknown): string {
  if (value === null) return 'null (nothing stands after the colon)';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return `the text ${quote(value)}`;
    case 'number':
      return `the number ${value}`;
    case 'boolean':
      return `the boolean ${value}`;
    case 'object':
      return 'a map';
    default:
      return typeof value;
  }
}
