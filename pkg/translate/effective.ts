/**
 * Which policies are in force for one rule at one place: levels in, filters out, and who overrides whom. Pure.
 *
 * A key that replaces is taken from the strongest level as a unit. A key that stacks holds at every level: no level can take away what
 * another says, so `Disabled` there concerns its own level only. A key in Shadow never replaces anything: it runs beside what is in force.
 */
import type { Filter } from '../ir/filter.ts';
import type { PolicyOrigin, PolicyState } from '../ir/policy.ts';
import { compareFilters, type PolicyKey, placeOf, policyKeys } from '../policy/order.ts';
import type { Problem } from '../status/problem.ts';
import { compareText } from './age.ts';
import { type CompiledKey, failsClosed, type Level, Rank } from './policy-level.ts';

export interface RankedLevel {
  readonly level: Level;
  readonly rank: number;
}

export interface Effective {
  /** In the order in which they run. */
  readonly filters: readonly Filter[];
  readonly origins: readonly Origin[];
  /** Why the rule fails closed; empty if it does not. */
  readonly faults: readonly Fault[];
}

/** What one level's key comes to. */
export interface Origin {
  readonly level: Level;
  readonly key: CompiledKey;
  readonly state: PolicyState;
  /** Who overrides it. */
  readonly by?: Level;
  /** At the same rank: two objects say different things of the same target. */
  readonly conflict?: true;
}

export interface Fault {
  readonly level: Level;
  readonly problem: Problem;
}

interface Entry {
  readonly level: Level;
  readonly rank: number;
  readonly key: CompiledKey;
}

/** What lists of levels came to, by their instances: most rules inherit what the rule before inherits. */
export class EffectiveCache {
  readonly #root: Node = { next: new WeakMap() };

  /** @param levels in any order, but the same levels in the same one */
  get(levels: readonly RankedLevel[]): Effective {
    let node = this.#root;
    for (const level of levels) {
      let next = node.next.get(level);
      if (next === undefined) node.next.set(level, (next = { next: new WeakMap() }));
      node = next;
    }
    return (node.effective ??= effectivePolicies(levels));
  }
}

interface Node {
  readonly next: WeakMap<RankedLevel, Node>;
  effective?: Effective;
}

/** @param levels in any order */
export function effectivePolicies(levels: readonly RankedLevel[]): Effective {
  const byKey = new Map<PolicyKey, Entry[]>();
  const sorted = levels.toSorted(compareLevels);
  for (const [i, { level, rank }] of sorted.entries()) {
    // By several of its targets it says the same: once, where it is strongest.
    if (sorted.findLastIndex((other) => other.level === level) > i) continue;
    for (const key of level.keys) {
      // Before a route is known only its listener can speak; an ExtensionRef may name a policy that says more.
      if (key.key === 'client' && rank >= Rank.Route && rank <= Rank.Own) continue;
      const entries = byKey.get(key.key);
      if (entries === undefined) byKey.set(key.key, [{ level, rank, key }]);
      else entries.push({ level, rank, key });
    }
  }
  // In the order in which they run, for those who read it.
  const origins = policyKeys.flatMap((key) => {
    const entries = byKey.get(key) ?? [];
    return placeOf(key).merge === 'Stack' ? entries.map(stacked) : replaced(entries);
  });
  const inForce = origins.filter(({ state }) => state === 'Enforced' || state === 'Shadow');
  const filters = inForce.flatMap(({ key }) => key.filter ?? []);
  return {
    // One configuration may come from two levels: asked twice it says the same.
    filters: [...new Set(filters)].sort(compareFilters),
    origins,
    faults: [
      ...levels.flatMap(({ level }) => level.unread.map((problem) => ({ level, problem }))),
      ...origins.flatMap(({ level, key, state }) =>
        state === 'FailedClosed' ? key.problems.map((problem) => ({ level, problem })) : [],
      ),
    ],
  };
}

/** What is stored of it in the IR. @param idOf gives the id of a filter; undefined: the rule does not run it */
export function originsOf(
  origins: readonly Origin[],
  idOf: (filter: Filter) => string | undefined,
): readonly PolicyOrigin[] {
  return origins.map(({ level, key, state, by }) => {
    const runs = key.filter !== undefined && (state === 'Enforced' || state === 'Shadow');
    const filter = runs ? idOf(key.filter) : undefined;
    return {
      key: key.key,
      state,
      from: level.from,
      ...(by !== undefined && { by: by.from }),
      ...(filter !== undefined && { filter }),
    };
  });
}

/** Weakest first. At the same rank the younger, then the later by name, is the weaker (GEP-713, conflicts). */
function compareLevels(a: RankedLevel, b: RankedLevel): number {
  return a.rank - b.rank || b.level.created - a.level.created || compareText(b.level.name, a.level.name);
}

function stacked({ level, key }: Entry): Origin {
  return { level, key, state: ownState(key) };
}

function replaced(entries: readonly Entry[]): readonly Origin[] {
  const winner = entries.findLast(({ key }) => key.mode !== 'Shadow');
  const shadow = entries.findLast(({ key }) => key.mode === 'Shadow');
  const winnerAt = winner === undefined ? -1 : entries.indexOf(winner);
  return entries.map((entry, at): Origin => {
    const { level, key } = entry;
    if (entry === winner) return { level, key, state: ownState(key) };
    // Tried beside what is in force, if it would replace that.
    if (entry === shadow && at > winnerAt) return { level, key, state: ownState(key) };
    const by = key.mode === 'Shadow' && at > winnerAt ? shadow : winner;
    return {
      level,
      key,
      state: 'Overridden',
      ...(by !== undefined && { by: by.level, ...(by.rank === entry.rank && { conflict: true }) }),
    };
  });
}

function ownState({ key, mode, problems }: CompiledKey): PolicyState {
  if (problems.length > 0) return mode === 'Enforce' && failsClosed(key) ? 'FailedClosed' : 'LeftOut';
  return mode === 'Enforce' ? 'Enforced' : mode === 'Shadow' ? 'Shadow' : 'Disabled';
}
