/** A StatusSink before others: adds the statuses of objects that are not valid, and of which translation knows nothing. */
import { isKind, KINDS } from '../api/kinds.ts';
import { type KubeObject, type ObjectRef, objectId, type RefusedObject } from '../api/object.ts';
import type { Versions } from '../kube/versions.ts';
import type { Snapshot } from '../store/snapshot.ts';
import { invalidStatus, type Refused } from './invalid.ts';
import { isOurs, type Names, ourParents } from './ours.ts';
import type { PlacedProblem } from './problem.ts';
import type { StatusSink } from './sink.ts';
import type { ObjectStatus } from './status.ts';

export interface RefusedStatuses extends StatusSink {
  /** The object as it stands at the API server, valid or not. */
  objectOf(ref: ObjectRef): Pick<KubeObject, 'apiVersion' | 'metadata'> | undefined;
}

interface Kept {
  readonly key: string;
  readonly former: ObjectStatus | undefined;
  readonly status: ObjectStatus;
}

/** @param snapshot what was translated last, undefined before */
export function withRefused(
  sinks: readonly StatusSink[],
  snapshot: () => Snapshot | undefined,
  names: Names,
): RefusedStatuses {
  let published: readonly ObjectStatus[] | undefined;
  let versions: Versions | undefined;
  let refused = new Map<string, readonly PlacedProblem[]>();
  let kept = new Map<string, Kept>();

  const publish = () => {
    // Before anything is translated nobody knows whose an object is.
    if (published === undefined) return;
    const statuses = refused.size === 0 ? published : merged(published);
    for (const sink of sinks) sink.publish(statuses, versions);
  };

  const merged = (translated: readonly ObjectStatus[]): readonly ObjectStatus[] => {
    const view = snapshot();
    const byId = new Map(translated.map((status) => [objectId(status.ref), status]));
    const next = new Map<string, Kept>();
    for (const [id, problems] of refused) {
      const object = problems[0]?.of;
      const [kind = ''] = id.split('/');
      if (object === undefined || view === undefined || !isKind(kind)) continue;
      const former = byId.get(id);
      if (!isOurs(kind, object, view, names)) continue;
      const { name, namespace } = object.metadata;
      const ref = { group: KINDS[kind].group, kind, namespace, name };
      const parents = ourParents(object, view, names);
      const entry: Refused = { ref, object, problems, parents };
      const key = JSON.stringify(entry);
      const before = kept.get(id);
      const same = before?.key === key && before.former === former;
      const own = same ? before : { key, former, status: invalidStatus(entry, former, names.controller) };
      next.set(id, own);
      byId.set(id, own.status);
    }
    kept = next;
    return [...byId.values()];
  };

  return {
    publish(statuses, now) {
      published = statuses;
      versions = now;
      publish();
    },
    problems(problems) {
      const placed = problems.filter(({ of }) => of !== undefined);
      const had = refused.size > 0;
      refused = new Map(
        Object.entries(Object.groupBy(placed, ({ object }) => object)).map(([id, own = []]) => [id, own]),
      );
      for (const sink of sinks) sink.problems(problems);
      if (had || refused.size > 0) publish();
    },
    objectOf(ref) {
      const of: RefusedObject | undefined = refused.get(objectId(ref))?.[0]?.of;
      if (of !== undefined) return of;
      return isKind(ref.kind) ? snapshot()?.get(ref.kind, ref.namespace, ref.name) : undefined;
    },
  };
}
