/**
 * A Gateway-level policy whose Secret or ConfigMap disappears: every route of the Gateway would answer 500 at once, for what may be a
 * slip of a deployment. It keeps its last good value for a while, and its status says so loudly.
 */
import type { GatewayPolicy } from '../api/gatewaypolicy.ts';
import type { Outputs } from './draft.ts';
import type { CompiledKey, Level } from './policy-level.ts';

/** Milliseconds. Long enough to notice an alert, too short to forget it. */
export const KeepFor = 600_000;

export interface Built {
  readonly level: Level;
  /** Secrets and clusters that its filters refer to. */
  readonly outputs: Outputs;
}

export interface LastGood {
  /** Of the policy: one that was deleted and made anew under its name is another, with the same generation. */
  readonly uid: string | undefined;
  readonly generation: number;
  /** What serves, each key with its last good value. One instance for one `broken`, so that nothing is translated anew. */
  readonly built: Built;
  /** From which `built` was made; undefined while all references resolve. */
  readonly broken: Level | undefined;
  /** Since when its references do not resolve, in ms since the epoch; 0 while they do. */
  readonly lostAt: number;
}

/** @param known by `namespace/name`; changed in place */
export function keepLastGood(
  policy: GatewayPolicy,
  built: Built,
  known: Map<string, LastGood>,
  now: number,
): Built & { readonly until: number } {
  const { namespace, name, generation, uid } = policy.metadata;
  const id = `${namespace}/${name}`;
  // What stands in for something unreadable is no value to keep.
  if (built.level.unread.length > 0) return { ...built, until: 0 };
  const lost = built.level.keys.filter(({ problems }) => problems.length > 0 && problems.every(isLost));
  if (lost.length === 0) {
    known.set(id, { uid, generation, built, broken: undefined, lostAt: 0 });
    return { ...built, until: 0 };
  }
  const before = known.get(id);
  // An edit is a new policy: what it said before is not what its owner wants now.
  const same = before?.uid === uid && before?.generation === generation;
  if (before === undefined || !same || !isShared(policy)) return { ...built, until: 0 };
  const lostAt = before.lostAt === 0 ? now : before.lostAt;
  const until = lostAt + KeepFor;
  if (now >= until) return { ...built, until: 0 };
  if (before.broken === built.level) return { ...before.built, until };
  const kept = {
    level: merged(built.level, before.built.level, lost),
    outputs: union(before.built.outputs, built.outputs),
  };
  known.set(id, { ...before, built: kept, broken: built.level, lostAt });
  return { ...kept, until };
}

/** Forgets those of policies that are gone. @param known changed in place */
export function forgetLastGood(policies: readonly GatewayPolicy[], known: Map<string, LastGood>): void {
  const names = new Set(policies.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
  for (const id of known.keys()) if (!names.has(id)) known.delete(id);
}

/** A route owns its mistakes alone; a Gateway's are those of everybody on it. */
function isShared({ spec }: GatewayPolicy): boolean {
  const targets = [...(spec.targetRefs ?? []), ...(spec.targetSelectors ?? [])];
  return targets.some(({ kind }) => kind === 'Gateway' || kind === 'ListenerSet');
}

// What was refused by a ReferenceGrant was taken away on purpose.
function isLost({ reason }: { readonly reason: string }): boolean {
  return reason === 'RefNotFound' || reason === 'InvalidCACertificateRef';
}

/** @param lost nothing else is kept: a reference of another key may have been taken away on purpose */
function merged(broken: Level, good: Level, lost: readonly CompiledKey[]): Level {
  return {
    ...broken,
    keys: broken.keys.map((key) => {
      const before = lost.includes(key) ? good.keys.find((each) => each.key === key.key) : undefined;
      return before?.filter === undefined ? key : before;
    }),
  };
}

function union(a: Outputs, b: Outputs): Outputs {
  return {
    filters: new Map([...a.filters, ...b.filters]),
    policies: new Map([...a.policies, ...b.policies]),
    clusters: new Map([...a.clusters, ...b.clusters]),
    certificates: new Map([...a.certificates, ...b.certificates]),
    authorities: new Map([...a.authorities, ...b.authorities]),
    secrets: new Map([...a.secrets, ...b.secrets]),
  };
}
