/** Counts over all routes what became of each key of each policy: one pass, whatever the number of policies. */
import { objectId, refOf } from '../api/object.ts';
import type { PolicyState } from '../ir/policy.ts';
import type { PolicyKey } from '../policy/order.ts';
import type { Origin } from './effective.ts';
import { countRoutes, countRules, groupUses, type UseGroup } from './policy-groups.ts';
import type { AttachedPolicy, Level } from './policy-level.ts';
import type { PolicyUse } from './policy-use.ts';

export interface Tally {
  /** Number of routes and Ingresses that the policy reaches. */
  readonly routes: number;
  /** `namespace/name` of the Gateways that serve them. */
  readonly gateways: ReadonlySet<string>;
  readonly keys: Map<PolicyKey, KeyTally>;
  /** What it reaches by each of its targets, by their places in `PolicyState.targets`; those that reach nothing are not in it. */
  readonly targets: ReadonlyMap<number, { readonly routes: number; readonly rules: number }>;
}

export interface KeyTally {
  /** Rules, by what the key comes to there. */
  readonly rules: Map<PolicyState, number>;
  /** Of the others in force beside it, where keys stack, or it is tried only. */
  readonly beside: Set<string>;
  /** Whom it replaces. */
  readonly replaces: Set<string>;
  /** `rule health of GatewayRoute shop/orders, by GatewayPolicy shop/b`; at most `Examples`. */
  readonly overridden: string[];
  /** Overridden by what is nearer to the request, by Overrides above, or by an older policy for the same target. */
  readonly why: Set<'OverriddenBelow' | 'OverriddenAbove' | 'Conflicted'>;
}

/** A status is for people: more names than these are a number. */
const Examples = 3;

/**
 * @param levels those of policies: what routes say themselves has no status of its own
 * @param attachedAt what is attached at a listener, by its id
 */
export function tallyUses(
  uses: readonly PolicyUse[],
  levels: ReadonlySet<Level>,
  attachedAt: (listener: string) => readonly AttachedPolicy[],
): ReadonlyMap<Level, Tally> {
  const reached = new Map<Level, Reached>();
  const tallies = new Map<Level, Tally>();
  const groups = groupUses(uses);
  for (const group of groups) reach(group, levels, reached, attachedAt);
  for (const [level, { groups: own, targets }] of reached) {
    tallies.set(level, {
      routes: countRoutes(own),
      gateways: new Set(own.flatMap(({ listeners }) => listeners.map(gatewayOf))),
      keys: new Map(),
      targets: new Map(
        [...targets].map(([target, of]) => [target, { routes: countRoutes([...of]), rules: countRules([...of]) }]),
      ),
    });
  }
  const counted = new Set<string>();
  for (const { origins, uses: ofGroup } of groups) {
    const whole = ofGroup.filter(({ partial }) => !partial);
    for (const origin of origins) count(tallies.get(origin.level), origin, whole);
    for (const use of ofGroup) if (use.partial) countPartial(use, tallies, counted);
  }
  return tallies;
}

/** What a policy reaches, and by which of its targets. */
interface Reached {
  readonly groups: UseGroup[];
  readonly targets: Map<number, Set<UseGroup>>;
}

function reach(
  group: UseGroup,
  levels: ReadonlySet<Level>,
  reached: Map<Level, Reached>,
  attachedAt: (listener: string) => readonly AttachedPolicy[],
): void {
  const [first] = group.uses;
  // One that cannot be read has no key to be in force, but closes.
  const here = new Set([...group.origins, ...(first?.faults ?? [])].map(({ level }) => level));
  for (const level of here) {
    if (!levels.has(level)) continue;
    const before = reached.get(level);
    if (before === undefined) reached.set(level, { groups: [group], targets: new Map() });
    else before.groups.push(group);
  }
  for (const { level, target } of [...group.listeners.flatMap(attachedAt), ...(first?.own ?? [])]) {
    const targets = target < 0 || !here.has(level) ? undefined : reached.get(level)?.targets;
    const before = targets?.get(target);
    if (before === undefined) targets?.set(target, new Set([group]));
    else before.add(group);
  }
}

/** The same rule at other listeners is the same rule, unless something else became of it there. */
function countPartial(use: PolicyUse, tallies: ReadonlyMap<Level, Tally>, counted: Set<string>): void {
  const rule = `${objectId(refOf(use.object))} ${use.index}`;
  for (const origin of use.origins) {
    const id = `${rule} ${origin.level.from} ${origin.key.key} ${origin.state}`;
    if (counted.has(id)) continue;
    counted.add(id);
    count(tallies.get(origin.level), origin, [use]);
  }
}

/** @param uses rules for which `origin` came to the same, at least one */
function count(tally: Tally | undefined, origin: Origin, uses: readonly PolicyUse[]): void {
  const [first] = uses;
  if (tally === undefined || first === undefined) return;
  const { key, state, level, by } = origin;
  let counts = tally.keys.get(key.key);
  if (counts === undefined) {
    counts = { rules: new Map(), beside: new Set(), replaces: new Set(), overridden: [], why: new Set() };
    tally.keys.set(key.key, counts);
  }
  counts.rules.set(state, (counts.rules.get(state) ?? 0) + uses.length);
  for (const other of first.origins) {
    if (other === origin || other.key.key !== key.key) continue;
    if (other.by === level) counts.replaces.add(other.level.from);
    else if (holdsBeside(state, other.state)) counts.beside.add(other.level.from);
  }
  if (state !== 'Overridden' || by === undefined) return;
  counts.why.add(origin.conflict === true ? 'Conflicted' : by.overrides ? 'OverriddenAbove' : 'OverriddenBelow');
  const off = first.origins.some(
    (other) => other.level === by && other.key.key === key.key && other.state === 'Disabled',
  );
  for (const { rule, object } of uses.slice(0, Examples - counts.overridden.length)) {
    const where = `rule ${rule} of ${object.kind} ${object.metadata.namespace}/${object.metadata.name}`;
    counts.overridden.push(`${where} (${off ? 'mode: Disabled in' : 'replaced by'} ${by.from})`);
  }
}

function holdsBeside(state: PolicyState, other: PolicyState): boolean {
  if (state === 'Enforced' || state === 'Shadow') return other === 'Enforced';
  return state === 'Disabled' && (other === 'Enforced' || other === 'FailedClosed');
}

/** `namespace/name` out of the id of a listener. */
function gatewayOf(listener: string): string {
  return listener.split('/', 2).join('/');
}
