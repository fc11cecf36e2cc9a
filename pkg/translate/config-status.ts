/** What `spec.defaults` of a GatewayClassConfig comes to, in its status: the policies that hold for every Gateway and Ingress of the class. */
import type { Problem } from '../status/problem.ts';
import type { Condition, ObjectStatus } from '../status/status.ts';
import type { ClassDefaults } from './class-defaults.ts';
import { Conditions, limit, summarise } from './condition.ts';
import { enforcedCondition, invalidProblems, keyProblems, resolvedCondition } from './policy-conditions.ts';
import { type KeyStatus, keyStatus } from './policy-key-status.ts';
import type { Tally } from './policy-tally.ts';
import { text } from './rule-text.ts';

const Path = 'spec.defaults.policies';

/**
 * @param defaults undefined: it has none
 * @param unheard what they say, or should, and where that does not count
 */
export function withDefaults(
  status: ObjectStatus,
  defaults: ClassDefaults | undefined,
  tally: Tally | undefined,
  unheard: readonly Problem[],
): ObjectStatus {
  if (defaults === undefined && unheard.length === 0) return status;
  const { level, keptUntil = 0 } = defaults ?? {};
  const invalid = level === undefined ? [] : invalidProblems(level);
  const conditions = new Conditions(status.generation);
  const before = status.status['conditions'] as readonly Condition[];
  const told = status.problems.length === 0 ? [] : before.map(({ message }) => message);
  const accepted =
    invalid.length === 0 ? before : [conditions.no('Accepted', 'Invalid', summarise([...invalid.map(text), ...told]))];
  const keys = (level?.keys ?? []).map((key) => keyStatus(key, tally?.keys.get(key.key), keptUntil));
  return {
    ...status,
    status: {
      ...status.status,
      conditions: [
        ...accepted,
        ...(defaults === undefined ? [] : [resolvedCondition(defaults, conditions)]),
        enforced(keys, unheard, conditions),
      ],
      ...(defaults !== undefined && { keys: keys.map((key) => withUnheard(key, unheard)) }),
      summary: {
        ...(status.status['summary'] as object),
        ...(invalid.length > 0 && { accepted: 'False' }),
      },
    },
    problems: [...status.problems, ...(defaults === undefined ? [] : keyProblems(defaults, Path)), ...unheard],
  };
}

/** What does not count anywhere is worse than what somebody nearer overrides, and better than what closes rules. */
function enforced(keys: readonly KeyStatus[], unheard: readonly Problem[], conditions: Conditions): Condition {
  const own = enforcedCondition([], keys, conditions);
  const [first] = unheard;
  if (first === undefined) return own;
  const reason = own.reason === 'FailedClosed' ? own.reason : first.reason;
  const told = unheard.map(text);
  if (own.status === 'False') told.unshift(own.message);
  return conditions.no('Enforced', reason, summarise(told));
}

function withUnheard(key: KeyStatus, unheard: readonly Problem[]): KeyStatus {
  const found = unheard.find(({ path }) => path === `${Path}.${key.key}`);
  if (found === undefined) return key;
  return { ...key, state: 'PartiallyEnforced', reason: found.reason, message: limit(found.message) };
}
