/** What targets and rules say of policies in their own statuses. */
import type { Problem } from '../status/problem.ts';
import type { Condition } from '../status/status.ts';
import { type Conditions, summarise } from './condition.ts';
import type { AttachedPolicy } from './policy-level.ts';
import type { PolicyUse } from './policy-use.ts';

/** GEP-713: `<group>/<Kind>Affected`. */
const Affected = 'gateway.suuupra.io/GatewayPolicyAffected';

/** @param policies attached to the object itself, sections included */
export function affectedCondition(policies: readonly AttachedPolicy[], conditions: Conditions): readonly Condition[] {
  const names = [...new Set(policies.filter(isPolicy).map(({ level }) => level.from))].sort();
  return names.length === 0 ? [] : [conditions.yes(Affected, `affected by ${summarise(names)}`, 'PolicyAffected')];
}

/** Why rules fail closed, each policy once. */
export function faultsOf(uses: readonly PolicyUse[]): readonly Problem[] {
  const faults = new Map<string, Problem>();
  for (const { index, faults: ofRule } of uses) {
    for (const { level, problem } of ofRule) {
      const path = `spec.rules[${index}]`;
      faults.set(`${path} ${level.from} ${problem.path}`, {
        path,
        reason: 'PolicyFailedClosed',
        message: `is answered 500, since ${level.from} cannot be applied: ${problem.path}: ${problem.message}`,
      });
    }
  }
  return [...faults.values()];
}

/** What policies need of the data plane and do not get, so that they refuse with 503; each once. */
export function lacksOf(uses: readonly PolicyUse[]): readonly Problem[] {
  const lacks = new Map<string, Problem>();
  for (const { index, origins } of uses) {
    for (const { level, key, state } of origins) {
      if (state !== 'Enforced' || key.lacks === undefined) continue;
      const path = `spec.rules[${index}]`;
      for (const lack of key.lacks) {
        const message = `is answered 503 where ${key.key} of ${level.from} has to decide: ${lack.path}: ${lack.message}`;
        lacks.set(`${path} ${level.from} ${lack.path}`, { path, reason: lack.reason, message });
      }
    }
  }
  return [...lacks.values()];
}

/** For the status of one rule: what is off here although somebody above wants it, and what is only tried. */
export function notesOfRule(uses: readonly PolicyUse[], index: number): readonly string[] {
  const notes = uses
    .filter((use) => use.index === index)
    .flatMap(({ origins }) =>
      origins.flatMap(({ level, key, state, by }): readonly string[] => {
        if (state === 'Shadow') return [`${key.key} of ${level.from} in Shadow`];
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

// Defaults of a class affect everything: nobody has to be told.
function isPolicy({ level }: AttachedPolicy): boolean {
  return level.from.startsWith('GatewayPolicy ');
}
