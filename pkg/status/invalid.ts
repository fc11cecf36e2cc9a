/**
 * Statuses of objects that stand at the API server although they are not valid: CRDs of another release may let through what this one
 * cannot read. What was valid before is served on; the status speaks of the generation that is refused. Pure; used by `refused.ts`.
 */
import type { ObjectRef, RefusedObject } from '../api/object.ts';
import type { PlacedProblem, Problem } from './problem.ts';
import type { Condition, ObjectStatus } from './status.ts';

export interface Refused {
  readonly ref: ObjectRef;
  readonly object: RefusedObject;
  readonly problems: readonly PlacedProblem[];
  /** Of a route, those that are ours. */
  readonly parents: readonly object[];
}

/** Kinds with conditions of their own, and the reason that Gateway API has for what cannot be read. */
const Reasons: Readonly<Record<string, string>> = {
  GatewayClass: 'Unsupported',
  Gateway: 'Invalid',
  ListenerSet: 'Invalid',
  GatewayRoute: 'UnsupportedValue',
  GatewayPolicy: 'Invalid',
  Backend: 'Invalid',
  GatewayClassConfig: 'Invalid',
  APIKey: 'Invalid',
};
const Programmable: ReadonlySet<string> = new Set(['Gateway', 'ListenerSet', 'GatewayRoute']);
const RouteReason = 'UnsupportedValue';
const MaxMessage = 1_000;

/** @param former of the last generation that was valid */
export function invalidStatus(
  { ref, object, problems, parents }: Refused,
  former: ObjectStatus | undefined,
  controller: string,
): ObjectStatus {
  const { generation } = object.metadata;
  const isRoute = ref.kind === 'HTTPRoute' || ref.kind === 'GatewayRoute';
  const reason = Reasons[ref.kind] ?? (isRoute ? RouteReason : 'Invalid');
  const own = problems.map((problem): Problem => ({ path: problem.path, reason, message: textOf(problem) }));
  const message = summary(own, former);
  const no = (type: string): Condition => ({ type, status: 'False', reason, message, observedGeneration: generation });
  const conditions = Programmable.has(ref.kind) ? [no('Accepted'), no('Programmed')] : [no('Accepted')];
  const entries = parents.map((parentRef) => ({
    parentRef,
    controllerName: controller,
    conditions: [no('Accepted')],
  }));
  const status = {
    ...(isRoute && { parents: entries }),
    ...(Reasons[ref.kind] !== undefined && { conditions }),
    ...(ref.kind === 'GatewayRoute' && {
      observedGeneration: generation,
      rules: [],
      summary: { accepted: 'False', programmed: 'False', rules: '0/0', reason },
    }),
  };
  // An Ingress says only where it is served, and it still is.
  const hasConditions = Reasons[ref.kind] !== undefined || isRoute;
  if (hasConditions) return { ref, generation, status, problems: own };
  return { ref, generation, status: former?.status ?? {}, problems: [...own, ...(former?.problems ?? [])] };
}

function summary(problems: readonly Problem[], former: ObjectStatus | undefined): string {
  const texts = problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const effect =
    former === undefined
      ? 'nothing of it is served'
      : `generation ${former.generation} is served until it is corrected`;
  const text = texts.join('; ');
  const room = MaxMessage - effect.length - 2;
  return `${text.length > room ? `${text.slice(0, room - 1)}…` : text}; ${effect}`;
}

function textOf({ message, hint }: PlacedProblem): string {
  return hint === '' ? message : `${message}; ${hint}`;
}
