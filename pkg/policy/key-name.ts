/** How messages name what a reference leads to: the field alone would leave users looking for the object. */
import type { KeyRef, PolicyContext } from './context.ts';

/** `Secret shop/url-keys, key current`. */
export function keyName(kind: 'ConfigMap' | 'Secret', { name, key }: KeyRef, { namespace }: PolicyContext): string {
  return `${kind} ${namespace}/${name}, key ${key}`;
}
