/** Gives a listener its sockets, and the IR its entry. Used by gateway.ts, for a Gateway's own listeners and those of ListenerSets. */
import type { Gateway } from '../api/gatewayapi.ts';
import type { Listener as IrListener, SocketId } from '../ir/listener.ts';
import type { Problem } from '../status/problem.ts';
import type { Context } from './context.ts';
import { normaliseHostname } from './hostname.ts';
import type { TranslatedListener } from './listeners.ts';
import { GatewayTier } from './sockets.ts';

export interface ListenerState {
  readonly id: string;
  readonly listener: TranslatedListener;
  /** The port belongs to somebody else. */
  readonly portProblem: Problem | undefined;
  /** The system's error for one of its sockets; it stays in the IR, so that the data plane tries again. */
  readonly unbound: Problem | undefined;
  /** The Gateway's Service does not have its port yet. */
  readonly pending: Problem | undefined;
  readonly serves: boolean;
}

export interface PlacedListener {
  readonly gateway: Gateway;
  readonly listener: TranslatedListener;
  /** Among all listeners of the Gateway: `https`, or `namespace/set/https` of a ListenerSet. */
  readonly name: string;
  /** Of its port, for messages: `spec.listeners[0].port`. */
  readonly path: string;
}

/** @param addresses of the Gateway; none: nothing is bound */
export function placeListener(placed: PlacedListener, addresses: readonly string[], context: Context): ListenerState {
  const { gateway, listener, path } = placed;
  const { namespace, name } = gateway.metadata;
  const { spec, protocol } = listener;
  const id = `${namespace}/${name}/${placed.name}`;
  const usable = listener.notAccepted === undefined && (protocol === 'HTTP' || listener.certificates.length > 0);
  let portProblem: Problem | undefined;
  let unbound: Problem | undefined;
  let pending: Problem | undefined;
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
    const port = context.sockets.boundPort(spec.port, owner);
    // By a Service each Gateway has ports of its own: that two have one passes with the next write of the leader.
    if (
      socket === undefined &&
      (takenBy === undefined || (takenBy.owner !== owner && context.sockets.isAssigned(owner)))
    ) {
      const message = `port ${spec.port} is being added to the Service of the Gateway`;
      pending ??= { path, reason: 'Pending', message };
      continue;
    }
    if (takenBy !== undefined) {
      const message =
        takenBy.owner === owner
          ? `ports ${takenBy.port} and ${spec.port} are both mapped to port ${port}; change --port-map`
          : `port ${spec.port} belongs to Gateway ${takenBy.owner}, which is older; use another port, or give each Gateway its own address (--addresses)`;
      portProblem ??= { path, reason: 'PortUnavailable', message };
      continue;
    }
    sockets.push(socket);
    const error = context.options.unbound[socket];
    if (error !== undefined) {
      const message = `${address}:${port} cannot be bound: ${error}; ${bindHint(error)}`;
      unbound ??= { path, reason: 'PortUnavailable', message };
    }
  }
  if (sockets.length > 0 && protocol !== null) {
    context.addListener(id, irListener(placed, protocol), sockets, GatewayTier);
  }
  return { id, listener, portProblem, unbound, pending, serves: sockets.length > 0 };
}

function bindHint(error: string): string {
  return error.startsWith('EACCES')
    ? 'give the gateway the capability NET_BIND_SERVICE, which ports below 1024 need, or use another port'
    : 'free it or use another port';
}

/**
 * An HTTPS listener that cannot be served still takes the names that are its own, and refuses their handshakes: "requests SHOULD match at most one
 * Listener". Else a sibling with a wider hostname would answer for it, with another certificate and fewer demands on the client.
 * Called once all listeners of the Gateway have their sockets.
 */
export function shutListener(
  placed: PlacedListener,
  state: ListenerState,
  addresses: readonly string[],
  context: Context,
): void {
  const { listener, serves, portProblem } = state;
  if (serves || portProblem !== undefined || listener.protocol !== 'HTTPS' || listener.conflict !== undefined) return;
  const owner = `${placed.gateway.metadata.namespace}/${placed.gateway.metadata.name}`;
  const { port } = listener.spec;
  const sockets = addresses.flatMap(
    (address) => context.sockets.find({ owner, address, port, protocol: 'HTTPS', tier: GatewayTier }) ?? [],
  );
  if (sockets.length === 0) return;
  const refusing = irListener({ ...placed, listener: { ...listener, certificates: [] } }, 'HTTPS');
  context.addListener(state.id, refusing, sockets, GatewayTier);
}

function irListener({ gateway, listener, name }: PlacedListener, protocol: 'HTTP' | 'HTTPS'): IrListener {
  const { spec, certificates, client } = listener;
  const tls = { certificates, minVersion: 'TLSv1.2' as const, ...(client === undefined ? {} : { client }) };
  return {
    gateway: `${gateway.metadata.namespace}/${gateway.metadata.name}`,
    name,
    port: spec.port,
    protocol,
    hostname: normaliseHostname(spec.hostname),
    ...(protocol === 'HTTPS' ? { tls } : {}),
  };
}
