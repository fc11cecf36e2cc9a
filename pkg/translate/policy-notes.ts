/** What targets and rules say of policies in their own statuses. */
import type { Problem } from '../status/problem.ts';
import type { Condition } from '../status/status.ts';
import { type Conditions, summarise } from './condition.ts';
import type { Origin } from './effective.ts';
import type { AttachedPolicy, CompiledKey, Level } from './policy-level.ts';
import type { PolicyUse } from './policy-use.ts';
import { text } from './rule-text.ts';

/** GEP-713: `<group>/<Kind>Affected`. */
const Affected = 'gateway.suuupra.io/GatewayPolicyAffected';

/** @param policies attached to the object itself, sections included */
export function affectedCondition(policies: readonly AttachedPolicy[], conditions: Conditions): readonly Condition[] {
  const names = [...new Set(policies.filter(isPolicy).map(({ level }) => level.from))].sort();
  return names.length === 0 ? [] : [conditions.yes(Affected, `affected by ${summarise(names)}`, 'PolicyAffected')];
}

/** Why rules fail closed: for each rule each policy once, with all that is wrong with it. */
export function faultsOf(uses: readonly PolicyUse[]): readonly Problem[] {
  return byPolicy(
    uses.flatMap(({ index, faults }) => faults.map(({ level, problem }) => ({ index, from: level.from, problem }))),
    ({ from }) => ['PolicyFailedClosed', `is answered 500, since ${from} cannot be applied`],
  );
}

/** What policies need of the data plane and do not get, so that they refuse with 503; in the same shape. */
export function lacksOf(uses: readonly PolicyUse[]): readonly Problem[] {
  const lacking = uses.flatMap(({ index, origins }) =>
    origins.flatMap(({ level, key, state }) =>
      state === 'Enforced' ? (key.lacks ?? []).map((problem) => ({ index, from: level.from, problem })) : [],
    ),
  );
  return byPolicy(lacking, ({ from, problem }) => [problem.reason, `is answered 503 where ${from} has to decide`]);
}

interface Fault {
  /** Of the rule. */
  readonly index: number;
  readonly from: string;
  readonly problem: Problem;
}

function byPolicy(
  faults: readonly Fault[],
  say: (first: Fault) => readonly [reason: string, effect: string],
): readonly Problem[] {
  const groups = Object.values(Object.groupBy(faults, ({ index, from }) => `${index} ${from}`));
  return groups.flatMap((group = []): readonly Problem[] => {
    const [first] = group;
    if (first === undefined) return [];
    const [reason, effect] = say(first);
    // At several places the same is said of the rule.
    const why = summarise([...new Set(group.map(({ problem }) => text(problem)))]);
    return [{ path: `spec.rules[${first.index}]`, reason, message: `${effect}: ${why}` }];
  });
}

/** For the status of one rule: what is off here although somebody above wants it, and what is only tried. */
export function notesOfRule(uses: readonly PolicyUse[], index: number): readonly string[] {
  const notes = uses
    .filter((use) => use.index === index)
    .flatMap(({ origins }) =>
      origins.flatMap(({ level, key, state, by }): readonly string[] => {
        if (state === 'Shadow') return [`${key.key} of ${level.from} in Shadow`];
        if (state === 'Disabled') return stillHolding(key, level, origins);
        if (state !== 'Overridden' || by === undefined || key.mode === 'Shadow') return [];
        // What is nearer replaces what is farther: that is no news. That nothing is left of it is, and that Overrides undo one's own word.
        const winner = origins.find((other) => other.level === by && other.key.key === key.key);
        if (winner?.state === 'Disabled')
          return [`${key.key} Disabled by ${by.from}, that of ${level.from} not applied`];
        return by.overrides ? [`${key.key} of ${level.from} overridden by ${by.from}`] : [];
      }),
    );
  return [...new Set(notes)];
}

/** `Disabled` of a key that stacks is for its own level alone, which is not what everybody expects. */
function stillHolding({ key }: CompiledKey, level: Level, origins: readonly Origin[]): readonly string[] {
  const others = origins.filter(
    (other) => other.key.key === key && (other.state === 'Enforced' || other.state === 'FailedClosed'),
  );
  if (others.length === 0) return [];
  const names = summarise([...new Set(others.map(({ level: { from } }) => from))]);
  return [`${key} of ${names} holds: it stacks, and Disabled in ${level.from} is for its own level alone`];
}

// Defaults of a class affect everything: nobody has to be told.
function isPolicy({ level }: AttachedPolicy): boolean {
  return level.from.startsWith('GatewayPolicy ');
}
