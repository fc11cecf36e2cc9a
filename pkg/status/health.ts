/**
 * A stage before statuses are published: a Backend's health is told when it has held for a while. A pod that starts or ends must not write to
 * the API server, and a rollout is no incident; counts are in the metrics. Used by `controlplane.ts`.
 */
import { objectId } from '../api/object.ts';
import type { Clock } from '../store/clock.ts';
import type { StatusSink } from './sink.ts';
import type { ObjectStatus } from './status.ts';

/** ms that a word holds before it is told. */
export const HealthHold = 30_000;

interface Told {
  readonly word: unknown;
  /** What it would be now, and since when. */
  readonly next: { readonly word: unknown; readonly since: number } | null;
}

/** The first word that is known is told at once. When one has held, the last list is published again. */
export function settledHealth(sink: StatusSink, clock: Clock): StatusSink {
  let told = new Map<string, Told>();
  let last: Parameters<StatusSink['publish']> | null = null;
  let cancel = (): void => undefined;
  /** The same instance as long as nothing is said anew: writers compare by it. */
  const settled = new WeakMap<ObjectStatus, { readonly word: unknown; readonly status: ObjectStatus }>();

  function settle(status: ObjectStatus, now: number): readonly [Told, ObjectStatus] {
    const word = status.status['health'];
    const before = told.get(objectId(status.ref));
    // Not to know is no state to hold on to: a Service comes a moment after its Backend.
    if (before === undefined || before.word === word || before.word === 'Unknown')
      return [{ word, next: null }, status];
    const { next } = before;
    const since = next !== null && next.word === word ? next.since : now;
    if (now - since >= HealthHold) return [{ word, next: null }, status];
    const known = settled.get(status);
    const held =
      known !== undefined && known.word === before.word
        ? known.status
        : { ...status, status: { ...status.status, health: before.word } };
    settled.set(status, { word: before.word, status: held });
    return [{ word: before.word, next: { word, since } }, held];
  }

  function publish(...[statuses, versions]: Parameters<StatusSink['publish']>): void {
    cancel();
    last = [statuses, versions];
    const now = clock.now();
    const next = new Map<string, Told>();
    const list = statuses.map((status) => {
      if (status.ref.kind !== 'Backend') return status;
      const [entry, held] = settle(status, now);
      next.set(objectId(status.ref), entry);
      return held;
    });
    told = next;
    const waiting = [...next.values()].flatMap((entry) =>
      entry.next === null ? [] : entry.next.since + HealthHold - now,
    );
    if (waiting.length > 0) cancel = clock.after(Math.min(...waiting), () => last !== null && publish(...last));
    sink.publish(list, versions);
  }

  return { publish, problems: (problems) => sink.problems(problems) };
}
