/** The conditions of a status wherever they stand in it: of the object, of its listeners, of its parents. */
import { isMap, keyOf } from './canonical.ts';
import type { Condition } from './status.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * Whether a condition is True that was not, or is True of a generation that it was not yet: what must be so everywhere before it is said.
 * @param before the standing status, undefined if there is none
 */
export function turnsTrue(before: Json | undefined, after: Json): boolean {
  const former = new Map(conditionsOf(before));
  return conditionsOf(after).some(([key, condition]) => {
    if (condition.status !== 'True') return false;
    const then = former.get(key);
    return then?.status !== 'True' || then.observedGeneration !== condition.observedGeneration;
  });
}

/** Whether any condition says True at all. */
export function saysTrue(status: Json): boolean {
  return conditionsOf(status).some(([, condition]) => condition.status === 'True');
}

/** Each with its place, which stays the same when others come and go. */
export function conditionsOf(value: unknown, path = ''): readonly (readonly [string, Condition])[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => conditionsOf(item, `${path}/${keyOf(item, index)}`));
  if (!isMap(value)) return [];
  if (isCondition(value)) return [[path, value]];
  return Object.entries(value).flatMap(([name, field]) =>
    typeof field === 'object' ? conditionsOf(field, `${path}/${name}`) : [],
  );
}

export function isCondition(value: Json): value is Json & Condition {
  return typeof value['type'] === 'string' && typeof value['status'] === 'string' && 'reason' in value;
}
