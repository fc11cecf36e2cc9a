/** Processor: Gateways of our classes, oldest first. Binds their sockets, adds their listeners, and makes them known to routes. */
import type { Gateway } from '../api/gatewayapi.ts';
import { OUR_GROUP } from '../api/kinds.ts';
import type { Listener as IrListener, SocketId } from '../ir/listener.ts';
import type { Problem } from '../status/problem.ts';
import { type Assignment, assignAddresses } from './addresses.ts';
import { byAge } from './age.ts';
import type { AllowedNamespaces, AttachableListener } from './attachable.ts';
import type { Context } from './context.ts';
import type { Classes } from './gatewayclass.ts';
import { normaliseHostname } from './hostname.ts';
import { ignored, type TranslatedListener, translateListeners } from './listeners.ts';
import { GatewayTier } from './sockets.ts';
import type { World } from './world.ts';

/** What the status of a Gateway is made of, once routes are attached. */
export interface GatewayState {
  readonly gateway: Gateway;
  /** Accepted False. */
  readonly fault: Problem | undefined;
  readonly assignment: Assignment;
  readonly listeners: readonly ListenerState[];
  /** Fields of the Gateway itself that are not acted on. */
  readonly notes: readonly Problem[];
}

export interface ListenerState {
  readonly id: string;
  readonly listener: TranslatedListener;
  /** The port belongs to somebody else. */
  readonly portProblem: Problem | undefined;
  /** The system's error for one of its sockets; it stays in the IR, so that the data plane tries again. */
  readonly unbound: Problem | undefined;
  readonly serves: boolean;
}

export function translateGateways(context: Context, classes: Classes): readonly GatewayState[] {
  const gateways = context.list('Gateway').filter(({ spec }) => classes.faults.has(spec.gatewayClassName));
  const oldestFirst = gateways.toSorted(byAge);
  const assignments = assignAddresses(oldestFirst, context.addresses, context.memo.assigned);
  return oldestFirst.map((gateway) => {
    const assignment = assignments.get(gateway) ?? { addresses: [] };
    const { listeners, fault, notes } = context.translate(gateway, (draft) => ({
      listeners: translateListeners(gateway, draft),
      fault: parametersProblem(gateway, draft.world),
      notes: ignoredFields(gateway),
    }));
    const refused = classProblem(gateway, classes) ?? fault ?? unsupportedAddress(assignment);
    const states = listeners.map((listener, i) =>
      place(gateway, listener, `spec.listeners[${i}].port`, refused === undefined ? assignment.addresses : [], context),
    );
    for (const state of states) shut(state, gateway, assignment.addresses, context);
    const { namespace, name } = gateway.metadata;
    context.addGateway({
      namespace,
      name,
      accepted: refused === undefined,
      addresses: refused === undefined ? assignment.addresses : [],
      listeners: states.map((state) => attachable(state, gateway, refused)),
    });
    return { gateway, fault: refused, assignment, listeners: states, notes };
  });
}

function place(
  gateway: Gateway,
  listener: TranslatedListener,
  path: string,
  addresses: readonly string[],
  context: Context,
): ListenerState {
  const { namespace, name } = gateway.metadata;
  const { spec, protocol } = listener;
  const id = `${namespace}/${name}/${spec.name}`;
  const usable = listener.notAccepted === undefined && (protocol === 'HTTP' || listener.certificates.length > 0);
  let portProblem: Problem | undefined;
  let unbound: Problem | undefined;
  const sockets: SocketId[] = [];
  for (const address of usable ? addresses : []) {
    if (protocol === null) break;
    const owner = `${namespace}/${name}`;
    const { id: socket, takenBy } = context.sockets.bind({
      owner,
      address,
      port: spec.port,
      protocol,
      tier: GatewayTier,
    });
    if (takenBy !== undefined) {
      const message =
        takenBy.owner === owner
          ? `ports ${takenBy.port} and ${spec.port} are both mapped to port ${context.sockets.boundPort(spec.port)}; change --port-map`
          : `port ${spec.port} belongs to Gateway ${takenBy.owner}, which is older; use another port, or give each Gateway its own address (--addresses)`;
      portProblem ??= { path, reason: 'PortUnavailable', message };
      continue;
    }
    sockets.push(socket);
    const error = context.options.unbound[socket];
    if (error !== undefined) {
      const message = `${address}:${context.sockets.boundPort(spec.port)} cannot be bound: ${error}; free it or use another port`;
      unbound ??= { path, reason: 'PortUnavailable', message };
    }
  }
  if (sockets.length > 0 && protocol !== null) {
    context.addListener(id, irListener(gateway, listener, protocol), sockets, GatewayTier);
  }
  return { id, listener, portProblem, unbound, serves: sockets.length > 0 };
}

/**
 * An HTTPS listener that cannot be served still takes the names that are its own, and refuses their handshakes: "requests SHOULD match at most one
 * Listener". Else a sibling with a wider hostname would answer for it, with another certificate and fewer demands on the client.
 */
function shut(state: ListenerState, gateway: Gateway, addresses: readonly string[], context: Context): void {
  const { listener, serves, portProblem } = state;
  if (serves || portProblem !== undefined || listener.protocol !== 'HTTPS' || listener.conflict !== undefined) return;
  const owner = `${gateway.metadata.namespace}/${gateway.metadata.name}`;
  const { port } = listener.spec;
  const sockets = addresses.flatMap(
    (address) => context.sockets.find({ owner, address, port, protocol: 'HTTPS', tier: GatewayTier }) ?? [],
  );
  if (sockets.length === 0) return;
  context.addListener(state.id, irListener(gateway, { ...listener, certificates: [] }, 'HTTPS'), sockets, GatewayTier);
}

function irListener(gateway: Gateway, listener: TranslatedListener, protocol: 'HTTP' | 'HTTPS'): IrListener {
  const { spec, certificates, client } = listener;
  return {
    gateway: `${gateway.metadata.namespace}/${gateway.metadata.name}`,
    name: spec.name,
    port: spec.port,
    protocol,
    hostname: normaliseHostname(spec.hostname),
    ...(protocol === 'HTTPS'
      ? { tls: { certificates, minVersion: 'TLSv1.2' as const, ...(client === undefined ? {} : { client }) } }
      : {}),
  };
}

function attachable(state: ListenerState, gateway: Gateway, fault: Problem | undefined): AttachableListener {
  const { listener } = state;
  const why = fault ?? listener.notAccepted ?? state.portProblem ?? state.unbound ?? listener.unresolved;
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
        : `${why?.reason ?? 'Pending'}: ${why?.message ?? gateway.metadata.name}`,
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

function unsupportedAddress({ problem }: Assignment): Problem | undefined {
  return problem?.reason === 'UnsupportedAddress' ? problem : undefined;
}

/** A Gateway may refer to a config, but settings are the class's: a tenant cannot give itself more than the class allows. */
function parametersProblem({ spec, metadata }: Gateway, world: World): Problem | undefined {
  const ref = spec.infrastructure?.parametersRef;
  if (ref === undefined) return undefined;
  const failed = (message: string): Problem => ({
    path: 'spec.infrastructure.parametersRef',
    reason: 'InvalidParameters',
    message,
  });
  if (ref.group !== OUR_GROUP || ref.kind !== 'GatewayClassConfig') {
    return failed(
      `${ref.kind}.${ref.group} cannot hold parameters; refer to a GatewayClassConfig of group ${OUR_GROUP}`,
    );
  }
  const config = world.get('GatewayClassConfig', metadata.namespace, ref.name);
  if (config === undefined) {
    return failed(`GatewayClassConfig ${metadata.namespace}/${ref.name} not found; create it or remove the reference`);
  }
  const [field] = Object.keys(config.spec);
  return field === undefined
    ? undefined
    : failed(
        `spec.${field} of GatewayClassConfig ${metadata.namespace}/${ref.name} may be set by the GatewayClass only; move it there`,
      );
}

function ignoredFields({ spec }: Gateway): readonly Problem[] {
  const notes: Problem[] = [];
  const { infrastructure } = spec;
  const nothing = 'it provisions nothing that could carry it';
  if (Object.keys(infrastructure?.labels ?? {}).length > 0) notes.push(ignored('spec.infrastructure.labels', nothing));
  if (Object.keys(infrastructure?.annotations ?? {}).length > 0)
    notes.push(ignored('spec.infrastructure.annotations', nothing));
  if (spec.tls?.backend?.clientCertificateRef !== undefined) {
    notes.push(ignored('spec.tls.backend.clientCertificateRef', 'write spec.tls.clientCertificateRef of a Backend'));
  }
  if ((spec.allowedListeners?.namespaces.from ?? 'None') !== 'None') {
    notes.push(ignored('spec.allowedListeners', 'write the listeners of ListenerSets into the Gateway'));
  }
  if ((spec.defaultScope ?? 'None') !== 'None') {
    notes.push(ignored('spec.defaultScope', 'name the Gateway in the parentRefs of routes'));
  }
  return notes;
}
