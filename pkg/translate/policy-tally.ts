/** Counts over all routes what became of each key of each policy: one pass, whatever the number of policies. */
import { type KubeObject, objectId, refOf } from '../api/object.ts';
import type { PolicyState } from '../ir/policy.ts';
import type { PolicyKey } from '../policy/order.ts';
import type { Origin } from './effective.ts';
import type { Level } from './policy-level.ts';
import type { PolicyUse } from './policy-use.ts';

export interface Tally {
  /** Routes and Ingresses that the policy reaches. */
  readonly routes: Set<KubeObject>;
  /** `namespace/name` of the Gateways that serve them. */
  readonly gateways: Set<string>;
  readonly keys: Map<PolicyKey, KeyTally>;
}

export interface KeyTally {
  /** Rules, by what the key comes to there. */
  readonly rules: Map<PolicyState, number>;
  /** Of the others in force beside it, where keys stack. */
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

/** @param levels those of policies: what routes say themselves has no status of its own */
export function tallyUses(uses: readonly PolicyUse[], levels: ReadonlySet<Level>): ReadonlyMap<Level, Tally> {
  const tallies = new Map<Level, Tally>();
  // Ten thousand routes that inherit the same have the same instance of it: counted once, with their number.
  const groups = new Map<readonly Origin[], PolicyUse[]>();
  const gateways = new Map<string, string>();
  const counted = new Set<string>();
  for (const use of uses) {
    reach(use, levels, tallies, gateways);
    if (use.partial) countPartial(use, tallies, counted);
    else {
      const group = groups.get(use.origins);
      if (group === undefined) groups.set(use.origins, [use]);
      else group.push(use);
    }
  }
  for (const [origins, group] of groups) for (const origin of origins) count(tallies.get(origin.level), origin, group);
  return tallies;
}

/** Notes which routes and Gateways the policies of a rule reach. */
function reach(
  { object, origins, faults, attachments }: PolicyUse,
  levels: ReadonlySet<Level>,
  tallies: Map<Level, Tally>,
  gateways: Map<string, string>,
): void {
  // One that cannot be read has no key to be in force, but closes.
  for (const { level } of faults.length === 0 ? origins : [...origins, ...faults]) {
    if (!levels.has(level)) continue;
    let tally = tallies.get(level);
    if (tally === undefined) tallies.set(level, (tally = { routes: new Set(), gateways: new Set(), keys: new Map() }));
    tally.routes.add(object);
    for (const { listener } of attachments) {
      let gateway = gateways.get(listener);
      if (gateway === undefined) gateways.set(listener, (gateway = gatewayOf(listener)));
      tally.gateways.add(gateway);
    }
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
    else if (state === 'Enforced' && other.state === 'Enforced') counts.beside.add(other.level.from);
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

/** `namespace/name` out of the id of a listener. */
function gatewayOf(listener: string): string {
  return listener.split('/', 2).join('/');
}
