/** What `spec.defaults` of a GatewayClassConfig comes to, in its status: the policies that hold for every Gateway and Ingress of the class. */
import type { Problem } from '../status/problem.ts';
import type { Condition, ObjectStatus } from '../status/status.ts';
import { Conditions, summarise } from './condition.ts';
import { keyStatus } from './policy-key-status.ts';
import type { CompiledKey, Level } from './policy-level.ts';
import { isReference } from './references.ts';
import { text } from './rule-text.ts';

/**
 * @param level of its defaults; undefined: it has none
 * @param unheard what they say, or should, and where that does not count
 */
export function withDefaults(
  status: ObjectStatus,
  level: Level | undefined,
  unheard: readonly Problem[],
): ObjectStatus {
  if (level === undefined && unheard.length === 0) return status;
  const keys = level?.keys ?? [];
  const problems = keys.flatMap(({ problems, lacks = [] }) => [...problems, ...lacks]);
  const invalid = keys.flatMap((key) => key.problems.filter((problem) => !isReference(problem)));
  const conditions = new Conditions(status.generation);
  const before = status.status['conditions'] as readonly Condition[];
  const told = status.problems.length === 0 ? [] : before.map(({ message }) => message);
  const accepted =
    invalid.length === 0 ? before : [conditions.no('Accepted', 'Invalid', summarise([...invalid.map(text), ...told]))];
  return {
    ...status,
    status: {
      ...status.status,
      conditions: [...accepted, enforced(keys, unheard, conditions)],
      summary: {
        ...(status.status['summary'] as object),
        ...(invalid.length > 0 && { accepted: 'False' }),
      },
    },
    problems: [...status.problems, ...problems, ...unheard],
  };
}

/** What is nearer to a request may still say otherwise: that is what defaults are for. */
function enforced(keys: readonly CompiledKey[], unheard: readonly Problem[], conditions: Conditions): Condition {
  const states = keys.map((key) => keyStatus(key, undefined, 0));
  const faults = states.filter(({ state }) => state === 'FailedClosed' || state === 'LeftOut');
  const [first] = unheard;
  if (faults.length === 0 && first === undefined)
    return conditions.yes('Enforced', 'every key of spec.defaults is in force where nothing nearer says otherwise');
  const closed = faults.some(({ state }) => state === 'FailedClosed');
  const reason = closed ? 'FailedClosed' : faults.length > 0 ? 'PartiallyEnforced' : (first?.reason ?? '');
  return conditions.no(
    'Enforced',
    reason,
    summarise([...faults.map(({ key, message }) => `${key}: ${message}`), ...unheard.map(text)]),
  );
}
