/**
 * A policy of a class, a Gateway or a ListenerSet whose Secret or ConfigMap disappears: every route below would answer 500 at once, for what may be a
 * slip of a deployment. It keeps its last good value for a while, and its status says so loudly.
 */
import { mergeOutputs, noOutputs, type Outputs } from './draft.ts';
import type { CompiledKey, Level } from './policy-level.ts';

/** Milliseconds. Long enough to notice an alert, too short to forget it. */
export const KeepFor = 600_000;

export interface Built {
  readonly level: Level;
  /** Secrets and clusters that its filters refer to. */
  readonly outputs: Outputs;
}

export interface LastGood {
  readonly edition: string;
  /** What serves, each key with its last good value. One instance for one `broken`, so that nothing is translated anew. */
  readonly built: Built;
  /** From which `built` was made; undefined while all references resolve. */
  readonly broken: Level | undefined;
  /** Since when its references do not resolve, in ms since the epoch; 0 while they do. */
  readonly lostAt: number;
}

/**
 * @param edition changes with what the owner says: an edit is a new policy, and so is one that was made anew under its name
 * @param shared a route owns its mistakes alone; those of a class or a Gateway are everybody's on it
 * @param known by `Level.from`; changed in place
 */
export function keepLastGood(
  { edition, shared }: { readonly edition: string; readonly shared: boolean },
  built: Built,
  known: Map<string, LastGood>,
  now: number,
): Built & { readonly until: number } {
  const id = built.level.from;
  // What stands in for something unreadable is no value to keep.
  if (built.level.unread.length > 0) return { ...built, until: 0 };
  const lost = built.level.keys.filter(({ problems }) => problems.length > 0 && problems.every(isLost));
  if (lost.length === 0) {
    known.set(id, { edition, built, broken: undefined, lostAt: 0 });
    return { ...built, until: 0 };
  }
  const before = known.get(id);
  if (before?.edition !== edition || !shared) return { ...built, until: 0 };
  const lostAt = before.lostAt === 0 ? now : before.lostAt;
  const until = lostAt + KeepFor;
  if (now >= until) return { ...built, until: 0 };
  if (before.broken === built.level) return { ...before.built, until };
  const outputs = noOutputs();
  for (const each of [before.built.outputs, built.outputs]) mergeOutputs(outputs, each);
  const kept = {
    level: merged(built.level, before.built.level, lost),
    outputs,
  };
  known.set(id, { ...before, built: kept, broken: built.level, lostAt });
  return { ...kept, until };
}

/** Forgets all but those. @param known changed in place */
export function forgetLastGood(states: readonly { readonly level: Level }[], known: Map<string, LastGood>): void {
  const names = new Set(states.map(({ level }) => level.from));
  for (const id of known.keys()) if (!names.has(id)) known.delete(id);
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
