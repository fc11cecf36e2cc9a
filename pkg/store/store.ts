/**
 * Every object the source delivered, by kind. Written by the controller, read through immutable snapshots.
 *
 * Copy on write: a change copies the one sorted array of its kind (pointers only), never sorts again, and shares all the rest, so
 * that a change among 10,000 objects costs microseconds and an unchanged kind is the very same array.
 */
import type { Kind, ObjectOf } from '../api/kinds.ts';
import type { KubeObject } from '../api/object.ts';
import type { Change } from '../source/source.ts';
import { applySlices, type Slices, slicesOf } from './slices.ts';
import type { Snapshot } from './snapshot.ts';
import { applySorted, type Edit, find } from './sorted.ts';

export interface Store {
  /** Whether anything is different now; objects that say the same twice must be the same instance to count as unchanged. */
  apply(changes: readonly Change[]): boolean;
  snapshot(): Snapshot;
}

const NONE: readonly KubeObject[] = Object.freeze([]);

export function createStore(): Store {
  let kinds: ReadonlyMap<string, readonly KubeObject[]> = new Map();
  let slices: Slices = new Map();
  let current = makeSnapshot(0, kinds, slices);

  return {
    apply(changes) {
      const next = new Map(kinds);
      let changed = false;
      for (const [kind, edits] of editsByKind(changes)) {
        const former = next.get(kind) ?? NONE;
        const objects = applySorted(former, edits);
        if (objects === former) continue;
        changed = true;
        next.set(kind, objects);
        if (kind === 'EndpointSlice') slices = applySlices(slices, former, edits);
      }
      if (!changed) return false;
      kinds = next;
      current = makeSnapshot(current.version + 1, kinds, slices);
      return true;
    },
    snapshot: () => current,
  };
}

/** The last word on each object, by kind. */
function editsByKind(changes: readonly Change[]): Map<string, Map<string, Edit>> {
  const kinds = new Map<string, Map<string, Edit>>();
  for (const change of changes) {
    const edit: Edit =
      change.kind === 'upsert'
        ? { namespace: change.object.metadata.namespace, name: change.object.metadata.name, object: change.object }
        : { namespace: change.ref.namespace, name: change.ref.name, object: undefined };
    const kind = change.kind === 'upsert' ? change.object.kind : change.ref.kind;
    const edits = kinds.get(kind) ?? new Map<string, Edit>();
    kinds.set(kind, edits.set(`${edit.namespace}/${edit.name}`, edit));
  }
  return kinds;
}

function makeSnapshot(version: number, kinds: ReadonlyMap<string, readonly KubeObject[]>, slices: Slices): Snapshot {
  return {
    version,
    // The source validated every object as its kind.
    list: <K extends Kind>(kind: K) => (kinds.get(kind) ?? NONE) as readonly ObjectOf<K>[],
    get: <K extends Kind>(kind: K, namespace: string, name: string) =>
      find(kinds.get(kind) ?? NONE, namespace, name) as ObjectOf<K> | undefined,
    slicesOf: (namespace, service) => slicesOf(slices, namespace, service),
  };
}
