/** Processor: Gateways of our classes, oldest first. Binds their sockets, adds their listeners, and makes them known to routes. */
import type { Gateway, ListenerSet } from '../api/gatewayapi.ts';
import type { Problem } from '../status/problem.ts';
import type { Assignment } from './addresses.ts';
import { byAge } from './age.ts';
import type { AllowedNamespaces, AttachableListener } from './attachable.ts';
import { findConflicts, findOverlaps } from './conflicts.ts';
import type { Context } from './context.ts';
import type { Draft } from './draft.ts';
import { translateFrontendTls } from './frontend-tls.ts';
import { assignGateways, parametersProblem, unusedInfrastructure } from './gateway-assignment.ts';
import type { Classes } from './gatewayclass.ts';
import { normaliseHostname } from './hostname.ts';
import { type ListenerState, type PlacedListener, placeListener, shutListener } from './listener-place.ts';
import { draftListeners, ignored, type TranslatedListener, translateListener } from './listeners.ts';
import { setsByGateway, translateSets } from './listenersets.ts';

/** What the status of a Gateway is made of, once routes are attached. */
export interface GatewayState {
  readonly gateway: Gateway;
  /** Accepted False. */
  readonly fault: Problem | undefined;
  readonly assignment: Assignment;
  readonly listeners: readonly ListenerState[];
  /** Oldest first. */
  readonly sets: readonly SetState[];
  /** Fields of the Gateway itself that are not acted on. */
  readonly notes: readonly Problem[];
}

/** A ListenerSet that names the Gateway. */
export interface SetState {
  readonly set: ListenerSet;
  /** Accepted False. */
  readonly refusal: Problem | undefined;
  readonly listeners: readonly ListenerState[];
}

export function translateGateways(context: Context, classes: Classes): readonly GatewayState[] {
  const gateways = context.list('Gateway').filter(({ spec }) => classes.faults.has(spec.gatewayClassName));
  const oldestFirst = gateways.toSorted(byAge);
  const assignments = assignGateways(oldestFirst, classes, context);
  const sets = setsByGateway(context);
  return oldestFirst.map((gateway) => {
    const assignment = assignments.get(gateway) ?? { addresses: [], published: [] };
    const { listeners, ignored: fields } = context.translate(gateway, (draft) => ({
      listeners: ownListeners(gateway, draft),
      ignored: ignoredFields(gateway),
    }));
    const notes = [...unusedInfrastructure(gateway, classes, context), ...fields];
    const fault = parametersProblem(gateway, classes, context);
    const { namespace, name } = gateway.metadata;
    const refused = classProblem(gateway, classes) ?? fault ?? unsupportedAddress(assignment);
    const addresses = refused === undefined ? assignment.addresses : [];
    const placed = placeAll(gateway, listeners, sets.get(`${namespace}/${name}`) ?? [], context);
    const place = (listener: PlacedListener): ListenerState => placeListener(listener, addresses, context);
    const own = placed.own.map(place);
    const others = placed.sets.map(({ set, refusal, listeners: ofSet }) => {
      const problem = refusal ?? (refused === undefined ? undefined : parentNotAccepted(gateway, refused));
      const nowhere = (listener: PlacedListener): ListenerState => placeListener(listener, [], context);
      return { set, refusal: problem, placed: ofSet, listeners: ofSet.map(problem === undefined ? place : nowhere) };
    });
    const admitted = others.filter(({ refusal }) => refusal === undefined);
    for (const { placed: from, listeners: states } of [{ placed: placed.own, listeners: own }, ...admitted]) {
      for (const [i, state] of states.entries()) {
        const listener = from[i];
        if (listener !== undefined) shutListener(listener, state, assignment.addresses, context);
      }
    }
    const accepted = refused === undefined;
    context.addParent({
      kind: 'Gateway',
      namespace,
      name,
      isDefault: gateway.spec.defaultScope === 'All',
      accepted,
      addresses,
      published: assignment.published,
      listeners: own.map((state) => attachable(state, gateway, refused, assignment.problem)),
    });
    for (const { set, refusal, listeners: states } of others) {
      context.addParent({
        kind: 'ListenerSet',
        namespace: set.metadata.namespace,
        name: set.metadata.name,
        isDefault: false,
        accepted: refusal === undefined,
        addresses,
        published: assignment.published,
        listeners: states.map((state) => attachable(state, set, refusal, assignment.problem)),
      });
    }
    const told = servesNothing(refused, own, others) ? withoutWaiting(assignment, context) : assignment;
    return { gateway, fault: refused, assignment: told, listeners: own, sets: others, notes };
  });
}

function servesNothing(
  refused: Problem | undefined,
  own: readonly ListenerState[],
  sets: readonly SetState[],
): boolean {
  const states = [own, ...sets.filter(({ refusal }) => refusal === undefined).map(({ listeners }) => listeners)].flat();
  return refused !== undefined || states.every(({ listener }) => listener.notAccepted !== undefined);
}

/** No Service is made for a Gateway without ports: that it has none is then no news. */
function withoutWaiting(assignment: Assignment, { options }: Context): Assignment {
  if (options.cluster === undefined || assignment.problem?.reason === 'UnsupportedAddress') return assignment;
  const { problem: _, ...rest } = assignment;
  return rest;
}

function ownListeners(gateway: Gateway, draft: Draft): readonly TranslatedListener[] {
  const { listeners } = gateway.spec;
  const conflicts = findConflicts(listeners);
  const overlaps = findOverlaps(listeners);
  return draftListeners(listeners, draft).map((listener) => {
    const { spec, protocol } = listener;
    return translateListener(listener, {
      conflict: conflicts.get(spec),
      overlap: overlaps.get(spec),
      frontend: protocol === 'HTTPS' ? translateFrontendTls(gateway, spec.port, draft) : undefined,
    });
  });
}

interface Placed {
  readonly own: readonly PlacedListener[];
  readonly sets: readonly {
    readonly set: ListenerSet;
    readonly refusal: Problem | undefined;
    readonly listeners: readonly PlacedListener[];
  }[];
}

/** The Gateway's own listeners bind first: those of its sets come after them in precedence. */
function placeAll(
  gateway: Gateway,
  listeners: readonly TranslatedListener[],
  sets: readonly ListenerSet[],
  context: Context,
): Placed {
  const at = (listener: TranslatedListener, i: number, prefix: string): PlacedListener => ({
    gateway,
    listener,
    name: `${prefix}${listener.spec.name}`,
    path: `spec.listeners[${i}].port`,
  });
  if (sets.length === 0) return { own: listeners.map((listener, i) => at(listener, i, '')), sets: [] };
  const found = translateSets(gateway, sets, context);
  return {
    own: listeners.map((listener, i) => {
      const overlap = found.overlaps.get(listener.spec);
      return at(overlap === undefined ? listener : { ...listener, overlap }, i, '');
    }),
    sets: found.sets.map(({ set, refusal, listeners: ofSet }) => {
      const prefix = `${set.metadata.namespace}/${set.metadata.name}/`;
      return { set, refusal, listeners: ofSet.map((listener, i) => at(listener, i, prefix)) };
    }),
  };
}

function attachable(
  state: ListenerState,
  { metadata }: Gateway | ListenerSet,
  fault: Problem | undefined,
  address: Problem | undefined,
): AttachableListener {
  const { listener } = state;
  const own = listener.notAccepted ?? state.portProblem ?? state.unbound ?? listener.unresolved ?? state.pending;
  const why = fault ?? own ?? address;
  return {
    id: state.id,
    name: listener.spec.name,
    port: listener.spec.port,
    protocol: listener.spec.protocol,
    hostname: normaliseHostname(listener.spec.hostname),
    serves: state.serves,
    fault:
      state.serves && state.unbound === undefined
        ? ''
        : `${why?.reason ?? 'Pending'}: ${why?.message ?? metadata.name}`,
    kinds: listener.supportedKinds.map(({ kind }) => kind),
    namespaces: allowedNamespaces(listener),
  };
}

function allowedNamespaces({ spec }: TranslatedListener): AllowedNamespaces {
  const { from, selector } = spec.allowedRoutes.namespaces;
  // A selector that is missing selects nothing: a typing mistake must not let everybody in.
  if (from === 'Selector') return selector === undefined ? { from: 'None' } : { from, selector };
  return { from };
}

function classProblem({ spec }: Gateway, { faults }: Classes): Problem | undefined {
  const fault = faults.get(spec.gatewayClassName) ?? '';
  if (fault === '') return undefined;
  const message = `GatewayClass ${spec.gatewayClassName} is not accepted: ${fault}`;
  return { path: 'spec.gatewayClassName', reason: 'Invalid', message };
}

function parentNotAccepted({ metadata }: Gateway, { path, message }: Problem): Problem {
  return {
    path: 'spec.parentRef',
    reason: 'ParentNotAccepted',
    message: `Gateway ${metadata.namespace}/${metadata.name} is not accepted: ${path}: ${message}`,
  };
}

function unsupportedAddress({ problem }: Assignment): Problem | undefined {
  return problem?.reason === 'UnsupportedAddress' ? problem : undefined;
}

function ignoredFields({ spec }: Gateway): readonly Problem[] {
  const notes: Problem[] = [];
  if (spec.tls?.backend?.clientCertificateRef !== undefined) {
    notes.push(ignored('spec.tls.backend.clientCertificateRef', 'write spec.tls.clientCertificateRef of a Backend'));
  }
  return notes;
}
