/** The status of one listener, of a Gateway or a ListenerSet. */
import type { Problem } from '../status/problem.ts';
import type { Condition } from '../status/status.ts';
import { type Conditions, summarise } from './condition.ts';
import type { ListenerState } from './listener-place.ts';
import type { RouteKind } from './listeners.ts';
import { text } from './rule-text.ts';

export interface ListenerStatusContext {
  /** The object that has it is not accepted. */
  readonly fault: Problem | undefined;
  /** By listener id. */
  readonly attachedRoutes: ReadonlyMap<string, number>;
  readonly conditions: Conditions;
  readonly ofSet?: true;
}

export interface ListenerStatus {
  readonly name: string;
  readonly supportedKinds: readonly RouteKind[];
  readonly attachedRoutes: number;
  readonly conditions: readonly Condition[];
}

export function listenerStatus(state: ListenerState, context: ListenerStatusContext): ListenerStatus {
  return {
    name: state.listener.spec.name,
    supportedKinds: state.listener.supportedKinds,
    attachedRoutes: context.attachedRoutes.get(state.id) ?? 0,
    conditions: listenerConditions(state, context),
  };
}

export function listenerProblems({ listener, portProblem, unbound }: ListenerState): readonly Problem[] {
  const problems = [listener.notAccepted, listener.unresolved, portProblem, unbound, ...listener.notes];
  return problems.filter((problem) => problem !== undefined);
}

function listenerConditions(
  state: ListenerState,
  { fault, conditions, ofSet }: ListenerStatusContext,
): readonly Condition[] {
  const { listener, portProblem, unbound, pending } = state;
  const { conflict, unresolved } = listener;
  const refused = refusedBy(state) ?? unbound;
  const notServed = fault ?? refused ?? (state.serves ? undefined : (unresolved ?? pending));
  const notes = summarise(listener.notes.map(text));
  const address = portProblem === undefined && !state.serves && notServed === undefined;
  return [
    refused === undefined
      ? conditions.yes('Accepted', notes === '' ? 'the listener is valid' : notes)
      : conditions.no('Accepted', refused.reason, text(refused)),
    unresolved === undefined
      ? conditions.yes('ResolvedRefs', 'every reference is resolved')
      : conditions.no('ResolvedRefs', unresolved.reason, text(unresolved)),
    conflict === undefined
      ? conditions.no('Conflicted', 'NoConflicts', 'no other listener claims the same')
      : conditions.yes('Conflicted', text(conflict), conflict.reason),
    notServed === undefined && !address
      ? conditions.yes('Programmed', 'the listener is served')
      : conditions.no(
          'Programmed',
          // What suite and specification expect of a set's, and not of a Gateway's.
          ofSet === true && conflict !== undefined
            ? conflict.reason
            : notServed !== undefined && notServed === pending
              ? 'Pending'
              : 'Invalid',
          notServed === undefined ? 'the Gateway has no usable address' : text(notServed),
        ),
    // Negative polarity: absent where nothing is to be said.
    ...(listener.overlap === undefined || !state.serves
      ? []
      : [conditions.yes('OverlappingTLSConfig', listener.overlap, 'OverlappingHostnames')]),
  ];
}

/** Why it is not accepted. */
export function refusedBy(state: ListenerState): Problem | undefined {
  return state.listener.notAccepted ?? state.portProblem;
}
