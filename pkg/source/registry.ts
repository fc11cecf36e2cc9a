/** The objects as they were handed out: keeps instances that did not change, and counts generations. Used by `catalogue.ts`. */
import type { KubeObject } from '../api/object.ts';
import { namespacesOf } from './namespaces.ts';

interface Served {
  /** The instance it was made from. */
  readonly from: KubeObject;
  readonly object: KubeObject;
  /** Its JSON without the generation. */
  readonly text: string;
}

export class Registry {
  private readonly served = new Map<string, Served>();
  /** Kept beyond removal: an object that comes back must not repeat a generation that a status was written for. */
  private readonly generations = new Map<string, { readonly spec: string; readonly count: number }>();
  private readonly users = new Map<string, number>();

  /** How many objects are in this namespace. */
  usersOf(namespace: string): number {
    return this.users.get(namespace) ?? 0;
  }

  /** The object to hand out, or undefined if what was handed out last still says the same. */
  put(id: string, from: KubeObject): KubeObject | undefined {
    const former = this.served.get(id);
    if (former?.from === from) return undefined;
    const text = JSON.stringify(withGeneration(from, 0));
    if (former?.text === text) {
      this.served.set(id, { ...former, from });
      return undefined;
    }
    if (former === undefined) this.count(id, 1);
    const object = deepFreeze(withGeneration(from, this.nextGeneration(id, from)));
    this.served.set(id, { from, object, text });
    return object;
  }

  /** The object that was handed out, if there was one. */
  remove(id: string): KubeObject | undefined {
    const former = this.served.get(id);
    if (former === undefined) return undefined;
    this.served.delete(id);
    this.count(id, -1);
    return former.object;
  }

  /** "metadata.generation: a sequence number representing a specific generation of the desired state": metadata is no part of it. */
  private nextGeneration(id: string, object: KubeObject): number {
    const { metadata: _, status: __, ...desired } = object as KubeObject & { status?: unknown };
    const spec = JSON.stringify(desired);
    const former = this.generations.get(id);
    if (former?.spec === spec) return former.count;
    const count = (former?.count ?? 0) + 1;
    this.generations.set(id, { spec, count });
    return count;
  }

  private count(id: string, by: 1 | -1): void {
    for (const namespace of namespacesOf(id)) {
      const users = this.usersOf(namespace) + by;
      if (users > 0) this.users.set(namespace, users);
      else this.users.delete(namespace);
    }
  }
}

/** A manifest exported from a cluster carries a generation of that cluster: ours replaces it. */
function withGeneration(object: KubeObject, generation: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, generation } };
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const field of Object.values(value)) deepFreeze(field);
  return Object.freeze(value);
}
