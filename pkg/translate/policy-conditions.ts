/** What a block `policies` comes to, in the status of the object that it stands in: a GatewayPolicy, or the GatewayClassConfig of a class. */
import type { Problem } from '../status/problem.ts';
import type { Condition } from '../status/status.ts';
import { type Conditions, summarise } from './condition.ts';
import type { KeyStatus } from './policy-key-status.ts';
import type { Level } from './policy-level.ts';
import { isReference } from './references.ts';
import { text } from './rule-text.ts';

interface Held {
  readonly level: Level;
  /** As in `PolicyState`. */
  readonly keptUntil: number;
}

/** What can never work in it. */
export function invalidProblems({ keys, unread }: Level): readonly Problem[] {
  return [...unread, ...keys.flatMap(({ problems }) => problems.filter((problem) => !isReference(problem)))];
}

export function resolvedCondition({ level, keptUntil }: Held, conditions: Conditions): Condition {
  const missing = level.keys.flatMap(({ problems }) => problems.filter(isReference));
  const [first] = missing;
  if (first === undefined && keptUntil === 0) return conditions.yes('ResolvedRefs', 'every reference is resolved');
  if (keptUntil > 0) return conditions.no('ResolvedRefs', 'LastGoodKept', keptText(keptUntil));
  return conditions.no('ResolvedRefs', first?.reason ?? 'RefNotFound', summarise(missing.map(text)));
}

export function enforcedCondition(
  unread: readonly Problem[],
  keys: readonly KeyStatus[],
  conditions: Conditions,
): Condition {
  if (unread.length > 0)
    return conditions.no('Enforced', 'FailedClosed', 'it cannot be read; the rules it is for answer 500');
  const say = (states: readonly KeyStatus['state'][]): string =>
    keysText(keys.filter(({ state }) => states.includes(state)));
  const has = (state: KeyStatus['state']): boolean => keys.some((key) => key.state === state);
  const acting = keys.filter(({ state }) => state !== 'Disabled');
  if (has('FailedClosed')) return conditions.no('Enforced', 'FailedClosed', say(['FailedClosed']));
  if (acting.length > 0 && acting.every(({ state }) => state === 'Unused'))
    return { ...conditions.no('Enforced', 'NoRoutes', 'it reaches no route yet'), status: 'Unknown' };
  if (acting.length > 0 && acting.every(({ state }) => state === 'Overridden'))
    return conditions.no('Enforced', 'Overridden', say(['Overridden']));
  if (keys.some(isPartial)) return conditions.no('Enforced', 'PartiallyEnforced', say(partial));
  if (acting.length > 0 && acting.every(({ state }) => state === 'Shadow'))
    return conditions.no('Enforced', 'ShadowMode', say(['Shadow']));
  return conditions.yes('Enforced', has('Shadow') ? say(['Shadow']) : 'every key is in force');
}

/** Those that do not fit are named: `keys` has the whole of it. */
function keysText(keys: readonly KeyStatus[]): string {
  const texts = keys.map(({ key, message }) => `${key}: ${message}`);
  return summarise(texts, (from) =>
    keys
      .slice(from)
      .map(({ key }) => key)
      .join(', '),
  );
}

const partial: readonly KeyStatus['state'][] = ['PartiallyEnforced', 'Overridden', 'LeftOut'];

/** One of those for which a policy is enforced in part only. */
export function isPartial({ state }: KeyStatus): boolean {
  return partial.includes(state);
}

/** @param path of the block */
export function keyProblems({ level, keptUntil }: Held, path: string): readonly Problem[] {
  const problems = level.keys.flatMap(({ problems, lacks = [] }) => [...problems, ...lacks]);
  return keptUntil === 0 ? problems : [...problems, { path, reason: 'LastGoodKept', message: keptText(keptUntil) }];
}

function keptText(until: number): string {
  return `a reference is gone; the last good value serves until ${new Date(until).toISOString()}, then the policy fails closed: put it back, or change the policy`;
}
