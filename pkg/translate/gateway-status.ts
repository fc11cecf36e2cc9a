/** The status of a Gateway, made once the routes are attached. */
import { refOf } from '../api/object.ts';
import type { Problem } from '../status/problem.ts';
import type { Condition, ObjectStatus } from '../status/status.ts';
import { AnyAddress } from './addresses.ts';
import { Conditions, summarise } from './condition.ts';
import { insecureFallback } from './frontend-tls.ts';
import type { GatewayState, ListenerState } from './gateway.ts';

/** @param attachedRoutes by listener id */
export function gatewayStatus(state: GatewayState, attachedRoutes: ReadonlyMap<string, number>): ObjectStatus {
  const { gateway, fault, assignment, listeners } = state;
  const { generation } = gateway.metadata;
  const conditions = new Conditions(generation);
  return {
    ref: refOf(gateway),
    generation,
    status: {
      addresses: fault === undefined ? assignment.addresses.map(statusAddress) : [],
      conditions: [
        acceptedCondition(state, conditions),
        programmedCondition(state, conditions),
        ...insecureCondition(state, conditions),
      ],
      listeners: listeners.map((listener) => ({
        name: listener.listener.spec.name,
        supportedKinds: listener.listener.supportedKinds,
        attachedRoutes: attachedRoutes.get(listener.id) ?? 0,
        conditions: listenerConditions(listener, fault, conditions),
      })),
    },
    problems: gatewayProblems(state),
  };
}

function acceptedCondition({ fault, listeners, notes }: GatewayState, conditions: Conditions): Condition {
  if (fault !== undefined) return conditions.no('Accepted', fault.reason, text(fault));
  const invalid = listeners.map(refusedBy).filter((problem) => problem !== undefined);
  const messages = [...invalid, ...notes].map(text);
  if (invalid.length === 0) {
    return conditions.yes('Accepted', messages.length === 0 ? 'every listener is valid' : summarise(messages));
  }
  return invalid.length === listeners.length
    ? conditions.no('Accepted', 'ListenersNotValid', summarise(messages))
    : conditions.yes('Accepted', summarise(messages), 'ListenersNotValid');
}

function programmedCondition(state: GatewayState, conditions: Conditions): Condition {
  const { fault, assignment, listeners } = state;
  if (fault !== undefined) return conditions.no('Programmed', 'Invalid', 'not accepted, so nothing is served');
  const { problem } = assignment;
  if (problem !== undefined) return conditions.no('Programmed', problem.reason, text(problem));
  const lost = listeners.map((l) => l.portProblem ?? l.unbound).filter((p) => p !== undefined);
  if (lost.length > 0) return conditions.no('Programmed', 'AddressNotUsable', summarise(lost.map(text)));
  const serving = listeners.filter(({ serves }) => serves).length;
  return serving === 0
    ? conditions.no('Programmed', 'Invalid', 'no listener is served; see the conditions of the listeners')
    : conditions.yes('Programmed', `${serving} of ${listeners.length} listeners are served`);
}

/** "InsecureFrontendValidationMode … MUST be set to True when AllowInsecureFallback is used" (Gateway API); absent otherwise. */
function insecureCondition({ gateway }: GatewayState, conditions: Conditions): readonly Condition[] {
  const path = insecureFallback(gateway);
  if (path === undefined) return [];
  const message = `${path}.validation.mode: clients without a valid certificate are let in, too; use AllowValidOnly to refuse them`;
  return [conditions.yes('InsecureFrontendValidationMode', message, 'ConfigurationChanged')];
}

function listenerConditions(
  state: ListenerState,
  fault: Problem | undefined,
  conditions: Conditions,
): readonly Condition[] {
  const { listener, portProblem, unbound } = state;
  const { conflict, unresolved } = listener;
  const refused = refusedBy(state) ?? unbound;
  const notServed = fault ?? refused ?? (state.serves ? undefined : unresolved);
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
          'Invalid',
          notServed === undefined ? 'the Gateway has no usable address' : text(notServed),
        ),
    // Negative polarity: absent where nothing is to be said.
    ...(listener.overlap === undefined || !state.serves
      ? []
      : [conditions.yes('OverlappingTLSConfig', listener.overlap, 'OverlappingHostnames')]),
  ];
}

function refusedBy(state: ListenerState): Problem | undefined {
  return state.listener.notAccepted ?? state.portProblem;
}

function gatewayProblems({ fault, assignment, listeners, notes }: GatewayState): readonly Problem[] {
  const problems = listeners.flatMap(({ listener, portProblem, unbound }) => [
    listener.notAccepted,
    listener.unresolved,
    portProblem,
    unbound,
    ...listener.notes,
  ]);
  // UnsupportedAddress is both.
  return [...new Set([fault, assignment.problem, ...problems, ...notes])].filter((problem) => problem !== undefined);
}

function statusAddress(address: string): { readonly type: string; readonly value: string } {
  return { type: 'IPAddress', value: address === AnyAddress ? '0.0.0.0' : address };
}

function text({ path, message }: Problem): string {
  return `${path}: ${message}`;
}
