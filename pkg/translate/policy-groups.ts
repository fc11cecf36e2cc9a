/** Rules that inherit the same at the same listeners, together: ten thousand of them are counted at once, with their number. */
import { type KubeObject, objectId, refOf } from '../api/object.ts';
import type { Origin } from './effective.ts';
import type { PolicyUse } from './policy-use.ts';

export interface UseGroup {
  readonly origins: readonly Origin[];
  readonly listeners: readonly string[];
  /** At least one. */
  readonly uses: PolicyUse[];
  /** How many of them are the only use of their rule. */
  whole: number;
  /** Those that are not, by route and index: the same rule may be in other groups, too. */
  readonly partial: Set<string>;
  /** Number of routes of which every use is here. */
  alone: number;
  /** The others. */
  readonly shared: Set<KubeObject>;
}

/** @param uses those of one route stand together */
export function groupUses(uses: readonly PolicyUse[]): readonly UseGroup[] {
  // By instance: what is inherited alike is the same list. The listeners by their ids.
  const byOrigins = new Map<readonly Origin[], Map<string, UseGroup>>();
  const groups: UseGroup[] = [];
  let object: KubeObject | undefined;
  let ofObject: UseGroup[] = [];
  const settle = (): void => {
    const [only] = ofObject;
    if (ofObject.length === 1 && only !== undefined) only.alone++;
    else if (object !== undefined) for (const group of ofObject) group.shared.add(object);
    ofObject = [];
  };
  for (const use of uses) {
    const { origins, listeners } = use;
    let byListeners = byOrigins.get(origins);
    if (byListeners === undefined) byOrigins.set(origins, (byListeners = new Map()));
    const key = listeners.length === 1 ? listeners[0]! : listeners.join(' ');
    let group = byListeners.get(key);
    if (group === undefined) {
      group = { origins, listeners, uses: [], whole: 0, partial: new Set(), alone: 0, shared: new Set() };
      byListeners.set(key, group);
      groups.push(group);
    }
    group.uses.push(use);
    if (use.partial) group.partial.add(`${objectId(refOf(use.object))} ${use.index}`);
    else group.whole++;
    if (use.object !== object) settle();
    ({ object } = use);
    if (!ofObject.includes(group)) ofObject.push(group);
  }
  settle();
  return groups;
}

export function countRoutes(groups: readonly UseGroup[]): number {
  const alone = groups.reduce((sum, group) => sum + group.alone, 0);
  return alone + sizeOf(groups.map(({ shared }) => shared));
}

export function countRules(groups: readonly UseGroup[]): number {
  const whole = groups.reduce((sum, group) => sum + group.whole, 0);
  return whole + sizeOf(groups.map(({ partial }) => partial));
}

/** Of the union. */
function sizeOf(sets: readonly ReadonlySet<unknown>[]): number {
  const [first, ...others] = sets.filter(({ size }) => size > 0);
  if (first === undefined) return 0;
  if (others.length === 0) return first.size;
  const union = new Set(first);
  for (const set of others) for (const each of set) union.add(each);
  return union.size;
}
