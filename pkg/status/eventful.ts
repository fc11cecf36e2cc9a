/**
 * A StatusSink that tells news about objects as Events, by the leader alone. It waits a moment first: a route that was applied a
 * moment before its Service has no problem worth an Event.
 */
import { type KubeObject, type ObjectRef, objectId } from '../api/object.ts';
import type { EventFacts } from '../kube/events.ts';
import type { Leadership } from '../kube/lease.ts';
import type { Clock } from '../store/clock.ts';
import type { StatusSink } from './sink.ts';
import type { ObjectStatus } from './status.ts';
import { type News, newsOf, type Standing, standingOf } from './transitions.ts';

export interface EventfulOptions {
  readonly record: (facts: EventFacts) => void;
  readonly leadership: Leadership;
  /** As it is known now: kubectl finds the Events of an object by its uid. */
  readonly objectOf: (ref: ObjectRef) => Pick<KubeObject, 'apiVersion' | 'metadata'> | undefined;
  readonly clock: Clock;
  readonly now: () => Date;
}

export interface Eventful extends StatusSink {
  close(): void;
}

interface Judged {
  readonly status: ObjectStatus;
  readonly uid: string;
  readonly standing: Standing;
}

/** ms that a status has to stand before it is news. */
const Calm = 1_500;
/** ms until what is wrong with an object without conditions is told again: the API server forgets Events after an hour. */
const Repeat = 30 * 60_000;
/** ms of age under which an object is new, and "accepted" news, to a leader that does not know what the former told. */
const Young = 120_000;

export function createEventful(options: EventfulOptions): Eventful {
  const { leadership, clock } = options;
  let latest = new Map<string, ObjectStatus>();
  let judged = new Map<string, Judged>();
  let cancelJudge: (() => void) | undefined;
  let cancelRepeat: (() => void) | undefined;

  const schedule = () => {
    if (leadership.leading()) cancelJudge ??= clock.after(Calm, judge);
  };

  const judge = () => {
    cancelJudge = undefined;
    if (!leadership.leading()) return;
    const next = new Map<string, Judged>();
    for (const [id, status] of latest) {
      const former = judged.get(id);
      const object = options.objectOf(status.ref);
      // Nobody is left to be told; or the same name, but nothing is known of the new one.
      if (object?.metadata.uid === undefined) continue;
      const { uid } = object.metadata;
      if (former?.status === status && former.uid === uid) {
        next.set(id, former);
        continue;
      }
      const standing = standingOf(status);
      const known = former?.uid === uid ? former.standing : undefined;
      const age = options.now().getTime() - Date.parse(object.metadata.creationTimestamp ?? '');
      for (const news of newsOf(known, standing, age < Young)) tell(status.ref, object, news);
      next.set(id, { status, uid, standing });
    }
    judged = next;
  };

  const tell = (
    { kind, namespace, name }: ObjectRef,
    { apiVersion, metadata }: Pick<KubeObject, 'apiVersion' | 'metadata'>,
    news: News,
  ) => options.record({ subject: { apiVersion, kind, namespace, name, uid: metadata.uid ?? '' }, ...news });

  /** Conditions stay where they are; of an object that has none nothing would be left. */
  const repeat = () => {
    cancelRepeat = clock.after(Repeat, repeat);
    if (!leadership.leading()) return;
    for (const { status, uid, standing } of judged.values()) {
      const object = options.objectOf(status.ref);
      if ('conditions' in status.status || 'parents' in status.status || object?.metadata.uid !== uid) continue;
      for (const problem of standing.problems.values()) tell(status.ref, object, problem);
    }
  };

  cancelRepeat = clock.after(Repeat, repeat);
  leadership.onChange(() => {
    judged = new Map();
    schedule();
  });

  return {
    publish(statuses) {
      latest = new Map(statuses.map((status) => [objectId(status.ref), status]));
      schedule();
    },
    problems() {},
    close() {
      cancelJudge?.();
      cancelRepeat?.();
    },
  };
}
