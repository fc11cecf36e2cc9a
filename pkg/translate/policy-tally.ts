/** Counts over all routes what became of each key of each policy: one pass, whatever the number of policies. */
import { objectId, refOf } from '../api/object.ts';
import type { PolicyState } from '../ir/policy.ts';
import type { PolicyKey } from '../policy/order.ts';
import type { Origin } from './effective.ts';
import type { Level } from './policy-level.ts';
import type { PolicyUse } from './policy-use.ts';

export interface Tally {
  /** `Kind/namespace/name` of the routes that the policy reaches. */
  readonly routes: Set<string>;
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
  const counted = new Set<string>();
  for (const use of uses) {
    for (const origin of use.origins) {
      if (!levels.has(origin.level)) continue;
      let tally = tallies.get(origin.level);
      if (tally === undefined)
        tallies.set(origin.level, (tally = { routes: new Set(), gateways: new Set(), keys: new Map() }));
      tally.routes.add(objectId(refOf(use.object)));
      for (const { listener } of use.attachments) tally.gateways.add(gatewayOf(listener));
      // The same rule at other listeners is the same rule, unless something else became of it there.
      const id = use.partial
        ? `${objectId(refOf(use.object))} ${use.index} ${origin.level.from} ${origin.key.key} ${origin.state}`
        : '';
      if (id !== '' && counted.has(id)) continue;
      if (id !== '') counted.add(id);
      count(tally, origin, use);
    }
  }
  return tallies;
}

function count(tally: Tally, origin: Origin, use: PolicyUse): void {
  const { key, state, level, by } = origin;
  let counts = tally.keys.get(key.key);
  if (counts === undefined) {
    counts = { rules: new Map(), beside: new Set(), replaces: new Set(), overridden: [], why: new Set() };
    tally.keys.set(key.key, counts);
  }
  counts.rules.set(state, (counts.rules.get(state) ?? 0) + 1);
  for (const other of use.origins) {
    if (other === origin || other.key.key !== key.key) continue;
    if (other.by === level) counts.replaces.add(other.level.from);
    else if (state === 'Enforced' && other.state === 'Enforced') counts.beside.add(other.level.from);
  }
  if (state !== 'Overridden' || by === undefined) return;
  counts.why.add(origin.conflict === true ? 'Conflicted' : by.overrides ? 'OverriddenAbove' : 'OverriddenBelow');
  const off = use.origins.some(
    (other) => other.level === by && other.key.key === key.key && other.state === 'Disabled',
  );
  const { kind, metadata } = use.object;
  const where = `rule ${use.rule} of ${kind} ${metadata.namespace}/${metadata.name}`;
  if (counts.overridden.length < Examples)
    counts.overridden.push(`${where} (${off ? 'mode: Disabled in' : 'replaced by'} ${by.from})`);
}

/** `namespace/name` out of the id of a listener. */
function gatewayOf(listener: string): string {
  return listener.split('/', 2).join('/');
}
