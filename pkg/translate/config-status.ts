/** What `spec.defaults` of a GatewayClassConfig comes to, in its status: the policies that hold for every Gateway and Ingress of the class. */
import type { Condition, ObjectStatus } from '../status/status.ts';
import { Conditions, summarise } from './condition.ts';
import { keyStatus } from './policy-key-status.ts';
import type { Level } from './policy-level.ts';
import { isReference } from './references.ts';
import { text } from './rule-text.ts';

/** @param level of its defaults; the status stays as it is without */
export function withDefaults(status: ObjectStatus, level: Level | undefined): ObjectStatus {
  if (level === undefined) return status;
  const problems = level.keys.flatMap(({ problems, lacks = [] }) => [...problems, ...lacks]);
  const invalid = level.keys.flatMap((key) => key.problems.filter((problem) => !isReference(problem)));
  const conditions = new Conditions(status.generation);
  const before = status.status['conditions'] as readonly Condition[];
  const told = status.problems.length === 0 ? [] : before.map(({ message }) => message);
  const accepted =
    invalid.length === 0 ? before : [conditions.no('Accepted', 'Invalid', summarise([...invalid.map(text), ...told]))];
  return {
    ...status,
    status: {
      ...status.status,
      conditions: [...accepted, enforced(level, conditions)],
      summary: {
        ...(status.status['summary'] as object),
        ...(invalid.length > 0 && { accepted: 'False' }),
      },
    },
    problems: [...status.problems, ...problems],
  };
}

/** What is nearer to a request may still say otherwise: that is what defaults are for. */
function enforced({ keys }: Level, conditions: Conditions): Condition {
  const states = keys.map((key) => keyStatus(key, undefined, 0));
  const faults = states.filter(({ state }) => state === 'FailedClosed' || state === 'LeftOut');
  if (faults.length === 0)
    return conditions.yes('Enforced', 'every key of spec.defaults is in force where nothing nearer says otherwise');
  const reason = faults.some(({ state }) => state === 'FailedClosed') ? 'FailedClosed' : 'PartiallyEnforced';
  return conditions.no('Enforced', reason, summarise(faults.map(({ key, message }) => `${key}: ${message}`)));
}
