/**
 * A stage before statuses are published: says of each APIKey which keys are accepted now. Time is no input of translation, so this looks
 * by itself whenever a key begins or ends. Used by `controlplane.ts`; gatewayctl asks once.
 */
import type { APIKey } from '../api/apikey.ts';
import type { ObjectRef } from '../api/object.ts';
import type { Clock } from '../store/clock.ts';
import type { StatusSink } from './sink.ts';
import type { Condition, ObjectStatus } from './status.ts';

/** ms; a timer of Node takes no more than 2^31. */
const Longest = 86_400_000;

export interface KeyTimesOptions {
  readonly clock: Clock;
  readonly now: () => Date;
  /** As it was translated. */
  readonly apiKeyOf: (ref: ObjectRef) => APIKey | undefined;
}

export function withKeyTimes(sink: StatusSink, { clock, now, apiKeyOf }: KeyTimesOptions): StatusSink {
  let last: Parameters<StatusSink['publish']> | null = null;
  let cancel = (): void => undefined;
  /** The same instance as long as nothing is said anew: writers compare by it. */
  const told = new WeakMap<ObjectStatus, { readonly text: string; readonly status: ObjectStatus }>();

  function timed(status: ObjectStatus, apiKey: APIKey, time: number): ObjectStatus {
    const next = keyStatusAt(status, apiKey, time);
    const text = JSON.stringify(next.status);
    const before = told.get(status);
    if (before?.text === text) return before.status;
    told.set(status, { text, status: next });
    return next;
  }

  function publish(...[statuses, versions]: Parameters<StatusSink['publish']>): void {
    cancel();
    last = [statuses, versions];
    const time = now().getTime();
    let due = Number.POSITIVE_INFINITY;
    const list = statuses.map((status) => {
      const apiKey = status.ref.kind === 'APIKey' ? apiKeyOf(status.ref) : undefined;
      if (apiKey === undefined) return status;
      due = Math.min(due, nextChange(apiKey, time));
      return timed(status, apiKey, time);
    });
    if (Number.isFinite(due)) cancel = clock.after(Math.min(due - time, Longest), () => last && publish(...last));
    sink.publish(list, versions);
  }

  return { publish, problems: (problems) => sink.problems(problems) };
}

/** @param time ms since the epoch */
export function keyStatusAt(status: ObjectStatus, { spec }: APIKey, time: number): ObjectStatus {
  const active = spec.suspended ? [] : spec.keys.filter((key) => begins(key) <= time && time < ends(key));
  const [next] = active.flatMap(({ expires }) => expires ?? []).toSorted();
  const { conditions } = status.status as { readonly conditions: readonly Condition[] };
  return {
    ...status,
    status: {
      ...status.status,
      conditions: [...conditions, activity(status.generation, spec, active.length, time)],
      activeKeys: active.map(({ id }) => id),
      ...(next !== undefined && { nextExpiry: next }),
      summary: { active: `${active.length}/${spec.keys.length}` },
    },
  };
}

function activity(observedGeneration: number, spec: APIKey['spec'], active: number, time: number): Condition {
  const condition = (status: 'True' | 'False', reason: string, message: string): Condition => ({
    type: 'Active',
    status,
    reason,
    message,
    observedGeneration,
  });
  if (spec.suspended) return condition('False', 'Suspended', 'every key is refused; set spec.suspended to false');
  if (active > 0) return condition('True', 'Active', `${active} of ${spec.keys.length} keys are accepted`);
  return spec.keys.some((key) => time < begins(key))
    ? condition('False', 'NotYetValid', 'no key is accepted yet; see notBefore in spec.keys')
    : condition('False', 'Expired', 'every key has expired; add one to spec.keys');
}

/** ms since the epoch when a key begins or ends next. */
function nextChange({ spec }: APIKey, time: number): number {
  if (spec.suspended) return Number.POSITIVE_INFINITY;
  const times = spec.keys.flatMap((key) => [begins(key), ends(key)]).filter((each) => each > time);
  return Math.min(...times);
}

type Key = APIKey['spec']['keys'][number];

function begins({ notBefore }: Key): number {
  return notBefore === undefined ? Number.NEGATIVE_INFINITY : Date.parse(notBefore);
}

function ends({ expires }: Key): number {
  return expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires);
}
