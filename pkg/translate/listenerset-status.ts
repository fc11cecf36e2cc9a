/** The status of a ListenerSet, made once the routes are attached. */
import { refOf } from '../api/object.ts';
import type { Condition, ObjectStatus } from '../status/status.ts';
import type { Snapshot } from '../store/snapshot.ts';
import { Conditions, summarise } from './condition.ts';
import type { SetState } from './gateway.ts';
import type { ListenerState } from './listener-place.ts';
import { listenerProblems, listenerStatus, refusedBy } from './listener-status.ts';
import { setsByGateway } from './listenersets.ts';
import type { AttachedPolicy } from './policy-level.ts';
import { affectedCondition } from './policy-notes.ts';
import { text } from './rule-text.ts';

/** @param attachedRoutes by listener id */
export function listenerSetStatus(
  state: SetState,
  attachedRoutes: ReadonlyMap<string, number>,
  policies: readonly AttachedPolicy[],
): ObjectStatus {
  const { set, refusal, listeners } = state;
  const { generation } = set.metadata;
  const conditions = new Conditions(generation);
  const context = { fault: refusal, attachedRoutes, conditions, ofSet: true as const };
  return {
    ref: refOf(set),
    generation,
    status: {
      conditions: [...setConditions(state, conditions), ...affectedCondition(policies, conditions)],
      listeners: listeners.map((listener) => listenerStatus(listener, context)),
    },
    problems: [...(refusal === undefined ? [] : [refusal]), ...new Set(listeners.flatMap(listenerProblems))],
  };
}

/** "attachedListenerSets" of a Gateway counts these. */
export function isSetAccepted({ refusal, listeners }: SetState): boolean {
  return refusal === undefined && listeners.some(isValid);
}

/** A listener that has nothing to serve with makes a set no more valid than one that is refused. */
function isValid(state: ListenerState): boolean {
  return refusedBy(state) === undefined && (state.serves || state.listener.unresolved === undefined);
}

function setConditions(state: SetState, conditions: Conditions): readonly Condition[] {
  const { refusal, listeners } = state;
  if (refusal !== undefined) {
    // A set that is not let in is not programmed for the same reason; one whose Gateway is not accepted, because of what is invalid there.
    const programmed = refusal.reason === 'NotAllowed' ? refusal.reason : 'Invalid';
    return [
      conditions.no('Accepted', refusal.reason, text(refusal)),
      conditions.no('Programmed', programmed, text(refusal)),
    ];
  }
  const invalid = listeners.filter((listener) => !isValid(listener));
  const why = summarise(invalid.flatMap((l) => refusedBy(l) ?? l.listener.unresolved ?? []).map(text));
  if (invalid.length === listeners.length) {
    return [
      conditions.no('Accepted', 'ListenersNotValid', why),
      conditions.no('Programmed', 'ListenersNotValid', 'no listener is served; see the conditions of the listeners'),
    ];
  }
  const serving = listeners.filter(({ serves, unbound }) => serves && unbound === undefined).length;
  return [
    invalid.length === 0
      ? conditions.yes('Accepted', 'every listener is valid')
      : conditions.yes('Accepted', why, 'ListenersNotValid'),
    serving === 0
      ? conditions.no('Programmed', 'Invalid', 'no listener is served; see the conditions of the listeners')
      : conditions.yes('Programmed', `${serving} of ${listeners.length} listeners are served`),
  ];
}

/** Sets whose Gateway does not exist: nobody serves them, and nobody else says so. Nothing is written, since the Gateway may be another controller's. */
export function orphanedSets(snapshot: Snapshot): readonly ObjectStatus[] {
  const orphans = [...setsByGateway(snapshot)].filter(([gateway]) => {
    const [namespace = '', name = ''] = gateway.split('/');
    return snapshot.get('Gateway', namespace, name) === undefined;
  });
  return orphans.flatMap(([gateway, sets]) =>
    sets.map((set) => ({
      ref: refOf(set),
      generation: set.metadata.generation,
      status: {},
      problems: [
        {
          path: 'spec.parentRef',
          reason: 'Pending',
          message: `Gateway ${gateway} not found, so nobody serves these listeners; create it or correct name and namespace`,
        },
      ],
    })),
  );
}
