/** Which address and port belongs to whom, and the tiers of listeners behind each. Gateways and the Ingress translator bind here. */
import type { Socket, SocketId } from '../ir/listener.ts';

/** Tier of the listeners of real Gateways. */
export const GatewayTier = 0;
/** Tier of the synthetic Gateway of Ingresses: asked for what no route of a real Gateway matches. */
export const IngressTier = 1;

export interface Binding {
  /** `namespace/name` of the Gateway; any other constant text for the synthetic one. */
  readonly owner: string;
  readonly address: string;
  /** The spec's port. */
  readonly port: number;
  readonly protocol: 'HTTP' | 'HTTPS';
  readonly tier: number;
}

interface Bound {
  readonly first: Binding;
  readonly socket: Omit<Socket, 'tiers'>;
  readonly tiers: string[][];
}

export type BindResult =
  | { readonly id: SocketId; readonly takenBy?: undefined }
  | { readonly id?: undefined; readonly takenBy: Binding }
  /** The owner's ports are assigned, and this one is not among them. */
  | { readonly id?: undefined; readonly takenBy?: undefined };

export class Sockets {
  readonly #portMap: Readonly<Record<number, number>>;
  readonly #assigned = new Map<string, ReadonlyMap<number, number>>();
  readonly #bound = new Map<SocketId, Bound>();

  constructor(portMap: Readonly<Record<number, number>>) {
    this.#portMap = portMap;
  }

  /** From now on the ports of this owner are bound as `ports` says (listener port → bound port), and others of it not at all. */
  assign(owner: string, ports: ReadonlyMap<number, number>): void {
    this.#assigned.set(owner, ports);
  }

  isAssigned(owner: string): boolean {
    return this.#assigned.has(owner);
  }

  /**
   * Claims a socket, or joins one: of the same owner, or of an earlier tier with the same protocol.
   * Whoever came first keeps it, so callers bind in the order of age.
   */
  bind(binding: Binding): BindResult {
    const port = this.boundPort(binding.port, binding.owner);
    if (port === undefined) return {};
    const id = `${binding.address}|${port}`;
    for (const { first, socket } of this.#bound.values()) {
      if (socket.port !== port || !overlap(socket.address, binding.address)) continue;
      const joins =
        socket.address === binding.address &&
        socket.protocol === binding.protocol &&
        // Two ports of one spec may be mapped to one: listeners of the second could not be told from the first's.
        first.port === binding.port &&
        (first.owner === binding.owner || first.tier < binding.tier);
      if (!joins) return { takenBy: first };
    }
    if (!this.#bound.has(id)) {
      const socket = { address: binding.address, port, protocol: binding.protocol };
      this.#bound.set(id, { first: binding, socket, tiers: [] });
    }
    return { id };
  }

  /** The socket of this binding, if its owner has bound it already. */
  find({ owner, address, port, protocol }: Binding): SocketId | undefined {
    const id = `${address}|${this.boundPort(port, owner)}`;
    const first = this.#bound.get(id)?.first;
    return first?.owner === owner && first.port === port && first.protocol === protocol ? id : undefined;
  }

  /** Undefined: not assigned. */
  boundPort(port: number, owner: string): number | undefined {
    const assigned = this.#assigned.get(owner);
    return assigned === undefined ? (this.#portMap[port] ?? port) : assigned.get(port);
  }

  /** @param id of a socket that was bound */
  addListener(id: SocketId, listener: string, tier: number): void {
    const tiers = this.#bound.get(id)?.tiers;
    if (tiers === undefined) throw new Error(`socket ${id} was not bound`);
    while (tiers.length <= tier) tiers.push([]);
    tiers[tier]?.push(listener);
  }

  /** Sockets with a listener, in the order of their ids; empty tiers are left out. */
  build(): Record<SocketId, Socket> {
    const sockets: Record<SocketId, Socket> = {};
    for (const id of [...this.#bound.keys()].sort()) {
      const bound = this.#bound.get(id);
      const tiers = bound?.tiers.filter((tier) => tier.length > 0) ?? [];
      if (bound !== undefined && tiers.length > 0) sockets[id] = { ...bound.socket, tiers };
    }
    return sockets;
  }
}

function overlap(a: string, b: string): boolean {
  return a === b || a === '*' || b === '*';
}
