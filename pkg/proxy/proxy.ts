/** The data plane's proxy of one worker: sockets in, exchanges out. The worker applies tables to it and drains it. */

import { Buffer } from 'node:buffer';
import { randomFillSync } from 'node:crypto';
import type { Ir } from '../ir/ir.ts';
import type { RoutingTable } from '../routing/table.ts';
import type { Telemetry } from '../telemetry/record.ts';
import type { ClusterRuntime } from '../upstream/upstream.ts';
import { createSocketClients, type SocketClients } from './client-terms.ts';
import type { Downstream } from './connection.ts';
import type { Core } from './core.ts';
import type { Descriptors } from './descriptors.ts';
import { createDrain } from './drain.ts';
import type { ActiveExchange } from './exchange.ts';
import { HeldBodies } from './held-bodies.ts';
import { Listener, type ListenerOptions } from './listener.ts';
import { createHttpDate } from './response-head.ts';
import { createSecureContexts } from './secure-context.ts';
import type { Timers } from './timers.ts';
import type { Transport } from './transport.ts';
import type { Tunnel } from './upgrade.ts';

export interface ProxyOptions {
  readonly transport: Transport;
  readonly timers: Timers;
  readonly clusters: { get(id: string): ClusterRuntime | undefined };
  readonly telemetry: Telemetry;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Milliseconds since the epoch. */
  readonly wallClock: () => number;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** Told of bugs: what was thrown within an exchange or by key material. */
  readonly fault: (where: string, error: unknown) => void;
  /** 48 bytes shared by every worker, so that each resumes the others' sessions. */
  readonly ticketKeys: Buffer;
  /** Several workers listen on one port. */
  readonly reusePort: boolean;
  /** Connections are refused when it has no room. */
  readonly descriptors: Descriptors;
  /** Bytes of request bodies that policies hold, all together; default 64 MiB. */
  readonly heldBytes?: number;
}

export interface Proxy {
  /**
   * Serves this table from now on: binds sockets it names anew, keeps the others, closes those it names no more.
   * Exchanges under way go on with what they have.
   * @returns by socket id: why it could not be bound
   */
  apply(
    table: RoutingTable,
    certificates: Ir['certificates'],
    authorities: Ir['authorities'],
  ): Promise<Readonly<Record<string, string>>>;
  /** New ticket keys; see `ProxyOptions.ticketKeys`. */
  setTicketKeys(keys: Buffer): void;
  /** Goes on accepting for `delayMs`, ends connections as they become idle; resolves when all are gone, at the latest after `timeoutMs` more. */
  drain(delayMs: number, timeoutMs: number): Promise<void>;
  /** Ends everything at once. */
  close(): Promise<void>;
  stats(): ProxyStats;
  /** The port that a socket is really bound to (port 0 in tests); 0 if it is not. */
  portOf(socketId: string): number;
}

export interface ProxyStats {
  readonly connections: number;
  readonly idleConnections: number;
  readonly tunnels: number;
  readonly draining: boolean;
}

export function createProxy(options: ProxyOptions): Proxy {
  const { transport, timers, clusters, telemetry } = options;
  const listeners = new Map<string, Listener>();
  const counts = new Map<string, number>();
  /** Made when a connection asks, for as long as the table stands. */
  const clients = new Map<string, SocketClients>();
  const contexts = createSecureContexts(options.ticketKeys, options.fault);
  let core: Core | null = null;
  const drain = createDrain(timers, options.now);
  const handshaking = (): number => {
    let sum = 0;
    for (const listener of listeners.values()) sum += listener.handshakes.size;
    return sum;
  };

  function clientsOf(socketId: string): SocketClients {
    let found = clients.get(socketId);
    if (found === undefined) {
      const { table, settings } = core!;
      clients.set(socketId, (found = createSocketClients(table.sockets.get(socketId), settings)));
    }
    return found;
  }

  function createCore(table: RoutingTable): Core {
    return {
      timers,
      clusters,
      telemetry,
      now: options.now,
      wallClock: options.wallClock,
      random: options.random,
      usable: (id) => clusters.get(id)?.usable === true,
      newId: createIds(),
      httpDate: createHttpDate(options.wallClock),
      fault: options.fault,
      table,
      settings: table.settings,
      clientsOf,
      draining: false,
      downstreams: new Set<Downstream>(),
      tunnels: new Set<Tunnel>(),
      heldBodies: new HeldBodies(options.heldBytes),
      spare: [] as ActiveExchange[],
      openConnections: () => (core === null ? 0 : core.downstreams.size + core.tunnels.size),
      openOn: (socketId) => counts.get(socketId) ?? 0,
      opened: (socketId) => {
        counts.set(socketId, (counts.get(socketId) ?? 0) + 1);
        telemetry.connectionOpened(socketId);
      },
      gone: (socketId) => {
        counts.set(socketId, (counts.get(socketId) ?? 1) - 1);
        telemetry.connectionClosed(socketId);
        drain.check();
      },
    };
  }

  async function bind(id: string, socket: Listener['socket'], shared: ListenerOptions): Promise<string | null> {
    const listener = new Listener(id, socket, shared);
    try {
      await listener.open();
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    listeners.set(id, listener);
    return null;
  }

  return {
    async apply(table, certificates, authorities) {
      contexts.update(certificates, authorities);
      core ??= createCore(table);
      if (core.table !== table) clients.clear();
      core.table = table;
      core.settings = table.settings;
      const shared = {
        core,
        transport,
        contexts,
        reusePort: options.reusePort,
        descriptors: options.descriptors,
        handshaking,
      };
      const unbound: Record<string, string> = {};
      for (const [id, listener] of listeners) {
        const wanted = table.sockets.get(id);
        if (wanted !== undefined && wanted.socket.protocol === listener.socket.protocol) continue;
        // Connections in the accept queue are lost with it: only a configuration that no longer names the socket may do this.
        listeners.delete(id);
        await listener.close();
      }
      for (const [id, { socket }] of table.sockets) {
        if (listeners.has(id)) continue;
        const error = await bind(id, socket, shared);
        if (error !== null) unbound[id] = error;
      }
      return unbound;
    },
    setTicketKeys: (keys) => contexts.setTicketKeys(keys),
    async drain(delayMs, timeoutMs) {
      if (core !== null) await drain.run(core, [...listeners.values()], delayMs, timeoutMs);
    },
    async close() {
      if (core !== null) {
        for (const downstream of core.downstreams) downstream.destroy('draining', false);
        for (const tunnel of core.tunnels) tunnel.close('draining', true);
      }
      const closing = [...listeners.values()];
      listeners.clear();
      await Promise.all(closing.map((listener) => listener.close()));
    },
    stats() {
      let idle = 0;
      if (core !== null) for (const downstream of core.downstreams) if (downstream.idle) idle++;
      return {
        connections: core === null ? 0 : core.openConnections(),
        idleConnections: idle,
        tunnels: core === null ? 0 : core.tunnels.size,
        draining: core !== null && core.draining,
      };
    },
    portOf: (socketId) => listeners.get(socketId)?.port ?? 0,
  };
}

const IdBytes = 16;

/** 128 random bits in hexadecimal; many are made at once, since a call into native code for each would take four times as long. */
function createIds(): () => string {
  const pool = Buffer.allocUnsafeSlow(IdBytes * 256);
  let digits = '';
  let at = 0;
  return () => {
    if (at === digits.length) {
      digits = randomFillSync(pool).toString('hex');
      at = 0;
    }
    at += 2 * IdBytes;
    return digits.slice(at - 2 * IdBytes, at);
  };
}
