/** Events on our GatewayClasses while objects that vanished all at once are held (`--mass-delete-hold`). Used by worker/news.ts. */
import type { EventFacts } from '../kube/events.ts';
import type { Snapshot } from '../store/snapshot.ts';

export interface HeldNews {
  /** `HTTPRoute` → how many; empty: no more. */
  readonly held: ReadonlyMap<string, number>;
  /** ms that they are kept. */
  readonly hold: number;
  readonly snapshot: Snapshot | undefined;
  readonly controllerName: string;
}

/** On every class, since all of them are served by the same objects. */
export function heldEvents({ held, hold, snapshot, controllerName }: HeldNews): readonly EventFacts[] {
  const classes = (snapshot?.list('GatewayClass') ?? []).filter(({ spec }) => spec.controllerName === controllerName);
  const counts = [...held].map(([kind, count]) => `${count} of kind ${kind}`).join(', ');
  const facts =
    held.size > 0
      ? ({
          type: 'Warning',
          reason: 'MassDeleteHeld',
          message: `objects vanished all at once (${counts}): what they say is served for ${hold / 1000} s, then no more; restore them, or wait`,
        } as const)
      : ({
          type: 'Normal',
          reason: 'MassDeleteEnded',
          message: 'objects that had vanished all at once came back, or are served no more',
        } as const);
  return classes.flatMap(({ apiVersion, kind, metadata: { namespace, name, uid } }) =>
    uid === undefined ? [] : [{ subject: { apiVersion, kind, namespace, name, uid }, ...facts }],
  );
}
