/** Adds lastTransitionTime to the conditions of a status. Used by every status writer. */
import { isMap, keyOf } from './canonical.ts';
import { isCondition } from './conditions.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * "lastTransitionTime is the last time the condition transitioned from one status to another": a new reason or message keeps it.
 * @param former the stamped status before, or undefined
 * @param now RFC 3339, whole seconds, as metav1.Time has it
 */
export function stampStatus(status: Json, former: Json | undefined, now: string): Json {
  return stampObject(status, former, now);
}

function stampObject(value: Json, former: Json | undefined, now: string): Json {
  const result: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) result[name] = stampValue(field, former?.[name], now);
  return result;
}

function stampValue(value: unknown, former: unknown, now: string): unknown {
  if (Array.isArray(value)) {
    const before = new Map((Array.isArray(former) ? former : []).map((item, index) => [keyOf(item, index), item]));
    return value.map((item, index) => stampValue(item, before.get(keyOf(item, index)), now));
  }
  if (!isMap(value)) return value;
  const before = isMap(former) ? former : undefined;
  if (!isCondition(value)) return stampObject(value, before, now);
  const time = before?.['status'] === value['status'] ? (before?.['lastTransitionTime'] ?? now) : now;
  return { ...value, lastTransitionTime: time };
}
