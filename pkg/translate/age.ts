/** Who came first: the order in which Gateway API settles every conflict. */
import type { KubeObject } from '../api/object.ts';

/** Seconds since the epoch; 0 where the source has no creationTimestamp. */
export function createdOf({ metadata }: KubeObject): number {
  const time = Date.parse(metadata.creationTimestamp ?? '');
  return Number.isNaN(time) ? 0 : Math.floor(time / 1000);
}

/** "The oldest … based on creation timestamp", then "first in alphabetical order by {namespace}/{name}" (Gateway API, conflicts). */
export function byAge(a: KubeObject, b: KubeObject): number {
  return createdOf(a) - createdOf(b) || compareText(nameOf(a), nameOf(b));
}

function nameOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** Not localeCompare: every replica must sort alike, whatever its locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
