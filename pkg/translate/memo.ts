/** What one run of translate keeps for the next, so that one change does not redo 10,000 routes. Forgetting it is always correct. */
import { type KubeObject, objectId } from '../api/object.ts';
import type { Route } from '../ir/route.ts';
import type { CheckedSecrets } from './certificate.ts';
import type { KnownClaims } from './claims.ts';
import type { Outputs } from './draft.ts';
import { EffectiveCache } from './effective.ts';
import type { LastGood } from './last-good.ts';
import type { AttachedPolicy, Level } from './policy-level.ts';
import { type Read, stillHolds, type World } from './world.ts';

export interface Entry {
  readonly aspect: string;
  readonly reads: readonly Read[];
  readonly outputs: Outputs;
  readonly value: unknown;
}

/** Kept by the controller and handed to each translate; never shared by two sequences of snapshots. */
export class Memo {
  readonly secrets: CheckedSecrets = new WeakMap();
  readonly claims: KnownClaims = new WeakMap();
  readonly ids = new WeakMap<object, string>();
  readonly effective = new EffectiveCache();
  /** By `Level.from`. */
  readonly lastGood = new Map<string, LastGood>();
  readonly #attached = new WeakMap<Level, AttachedPolicy[]>();
  /** Addresses of the pool by `namespace/name` of their Gateway: one that goes must not move the others. */
  readonly assigned = new Map<string, string>();
  // By identity: ten thousand names made and hashed anew take longer than all the rest of a run in which one route changed.
  #previous = new Map<KubeObject, Entry[]>();
  #next = new Map<KubeObject, Entry[]>();
  readonly #ids = new WeakMap<Route, string>();
  #texts = new Map<string, { readonly text: string; readonly value: unknown }>();
  #nextTexts = new Map<string, { readonly text: string; readonly value: unknown }>();
  #inputs = '';

  /** @param inputs text of everything that results depend on besides recorded reads; a change of it forgets all */
  begin(inputs: string): void {
    if (inputs !== this.#inputs) this.#previous.clear();
    this.#inputs = inputs;
    this.#next = new Map();
    this.#nextTexts = new Map();
  }

  /** What was not asked for in this run is dropped. */
  end(): void {
    this.#previous = this.#next;
    this.#texts = this.#nextTexts;
  }

  find(object: KubeObject, aspect: string, world: World): Entry | undefined {
    const entry = this.#previous.get(object)?.find((each) => each.aspect === aspect);
    return entry !== undefined && stillHolds(entry.reads, world) ? entry : undefined;
  }

  keep(object: KubeObject, entry: Entry): void {
    const others = this.#next.get(object);
    if (others === undefined) this.#next.set(object, [entry]);
    else others.push(entry);
  }

  /** The same instance for the same level at the same place, so that what was derived from it holds. */
  attached(policy: AttachedPolicy): AttachedPolicy {
    const known = this.#attached.get(policy.level) ?? [];
    const same = known.find(
      ({ rank, sectionName, target }) =>
        rank === policy.rank && sectionName === policy.sectionName && target === policy.target,
    );
    if (same !== undefined) return same;
    this.#attached.set(policy.level, [...known, policy]);
    return policy;
  }

  /** `Kind/namespace/name`: the same text for the same route, whose hash is then known. */
  idOf(route: Route): string {
    let id = this.#ids.get(route);
    if (id === undefined) this.#ids.set(route, (id = objectId(route)));
    return id;
  }

  /** Gives the former instance back if `value` is the same JSON, so that what was derived from it holds. */
  stable<T>(key: string, value: T): T {
    const text = JSON.stringify(value);
    const before = this.#texts.get(key);
    const entry = before?.text === text ? before : { text, value };
    this.#nextTexts.set(key, entry);
    // Written under this key by this function only, so the type is the caller's.
    return entry.value as T;
  }
}
