/** Arrays of objects sorted by namespace, then name: the store's only data structure. */
import type { KubeObject } from '../api/object.ts';

/** What becomes of one object; `object` undefined removes it. */
export interface Edit {
  readonly namespace: string;
  readonly name: string;
  readonly object: KubeObject | undefined;
}

/** A batch this small is spliced into a copy, a larger one is merged in one pass. */
const FEW = 16;

export function find(objects: readonly KubeObject[], namespace: string, name: string): KubeObject | undefined {
  const found = objects[indexFor(objects, namespace, name)];
  return found !== undefined && order(found.metadata, { namespace, name }) === 0 ? found : undefined;
}

/** The array after the edits; the same one if they change nothing. */
export function applySorted(objects: readonly KubeObject[], edits: ReadonlyMap<string, Edit>): readonly KubeObject[] {
  const effective = [...edits.values()].filter((edit) => find(objects, edit.namespace, edit.name) !== edit.object);
  if (effective.length === 0) return objects;
  return Object.freeze(effective.length <= FEW ? splice(objects, effective) : merge(objects, effective));
}

function splice(objects: readonly KubeObject[], edits: readonly Edit[]): KubeObject[] {
  const copy = objects.slice();
  for (const { namespace, name, object } of edits) {
    const at = indexFor(copy, namespace, name);
    const found = copy[at];
    const present = found !== undefined && order(found.metadata, { namespace, name }) === 0 ? 1 : 0;
    if (object === undefined) copy.splice(at, present);
    else copy.splice(at, present, object);
  }
  return copy;
}

function merge(objects: readonly KubeObject[], edits: readonly Edit[]): KubeObject[] {
  const sorted = [...edits].sort(order);
  const merged: KubeObject[] = [];
  let next = 0;
  for (const object of objects) {
    for (;;) {
      const edit = sorted[next];
      if (edit === undefined || order(edit, object.metadata) >= 0) break;
      if (edit.object !== undefined) merged.push(edit.object);
      next++;
    }
    const edit = sorted[next];
    if (edit === undefined || order(edit, object.metadata) !== 0) merged.push(object);
    else if (edit.object === undefined) next++;
    else {
      merged.push(edit.object);
      next++;
    }
  }
  for (const { object } of sorted.slice(next)) if (object !== undefined) merged.push(object);
  return merged;
}

/** Where it is, or where it would go. */
function indexFor(objects: readonly KubeObject[], namespace: string, name: string): number {
  let low = 0;
  let high = objects.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const object = objects[middle];
    if (object !== undefined && order(object.metadata, { namespace, name }) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Named {
  readonly namespace: string;
  readonly name: string;
}

/** By code units, the same on every machine. */
function order(a: Named, b: Named): number {
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1;
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}
