/** The status of a Gateway, made once the routes are attached. */
import { refOf } from '../api/object.ts';
import type { Problem } from '../status/problem.ts';
import type { Condition, ObjectStatus } from '../status/status.ts';
import { Conditions, summarise } from './condition.ts';
import { insecureFallback } from './frontend-tls.ts';
import type { GatewayState } from './gateway.ts';
import { listenerProblems, listenerStatus, refusedBy } from './listener-status.ts';
import { isSetAccepted } from './listenerset-status.ts';
import type { AttachedPolicy } from './policy-level.ts';
import { affectedCondition } from './policy-notes.ts';
import { text } from './rule-text.ts';

/** @param attachedRoutes by listener id */
export function gatewayStatus(
  state: GatewayState,
  attachedRoutes: ReadonlyMap<string, number>,
  policies: readonly AttachedPolicy[],
): ObjectStatus {
  const { gateway, fault, assignment, listeners } = state;
  const { generation } = gateway.metadata;
  const conditions = new Conditions(generation);
  return {
    ref: refOf(gateway),
    generation,
    status: {
      addresses: fault === undefined ? assignment.published : [],
      conditions: [
        acceptedCondition(state, conditions),
        programmedCondition(state, conditions),
        ...insecureCondition(state, conditions),
        ...affectedCondition(policies, conditions),
      ],
      listeners: listeners.map((listener) => listenerStatus(listener, { fault, attachedRoutes, conditions })),
      ...attachedSets(state),
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
  const pending = listeners.map((l) => l.pending).filter((p) => p !== undefined);
  if (serving === 0 && pending.length > 0) return conditions.no('Programmed', 'Pending', summarise(pending.map(text)));
  const note = (assignment.note ?? '') === '' ? '' : `; ${assignment.note}`;
  return serving === 0
    ? conditions.no('Programmed', 'Invalid', 'no listener is served; see the conditions of the listeners')
    : conditions.yes('Programmed', `${serving} of ${listeners.length} listeners are served${note}`);
}

/** "InsecureFrontendValidationMode … MUST be set to True when AllowInsecureFallback is used" (Gateway API); absent otherwise. */
function insecureCondition({ gateway }: GatewayState, conditions: Conditions): readonly Condition[] {
  const path = insecureFallback(gateway);
  if (path === undefined) return [];
  const message = `${path}.validation.mode: clients without a valid certificate are let in, too; use AllowValidOnly to refuse them`;
  return [conditions.yes('InsecureFrontendValidationMode', message, 'ConfigurationChanged')];
}

function gatewayProblems({ fault, assignment, listeners, notes }: GatewayState): readonly Problem[] {
  const problems = listeners.flatMap(listenerProblems);
  // UnsupportedAddress is both.
  return [...new Set([fault, assignment.problem, ...problems, ...notes])].filter((problem) => problem !== undefined);
}

/** Where neither side speaks of ListenerSets the field is left out: CRDs before v1.5 do not have it. */
function attachedSets({ gateway, sets }: GatewayState): { readonly attachedListenerSets?: number } {
  if (gateway.spec.allowedListeners === undefined && sets.length === 0) return {};
  return { attachedListenerSets: sets.filter(isSetAccepted).length };
}
