/** One bound socket: accepts within the limits, and makes a Downstream of what it accepted. Lives as long as any table names it. */
import type { Socket } from '../ir/listener.ts';
import { Downstream } from './connection.ts';
import type { Core } from './core.ts';
import type { Descriptors } from './descriptors.ts';
import { plainAddress } from './forwarded.ts';
import { ProxyPreface } from './proxy-preface.ts';
import { type Announced, type ProxyExpectation } from './proxy-protocol.ts';
import { Refusal } from './refusal.ts';
import type { SecureContexts } from './secure-context.ts';
import { listenSecure } from './secure-listener.ts';
import type { Connection, Transport, TransportServer } from './transport.ts';

export interface ListenerOptions {
  readonly core: Core;
  readonly transport: Transport;
  readonly contexts: SecureContexts;
  readonly reusePort: boolean;
  readonly descriptors: Descriptors;
  /** Connections that have not come to HTTP yet (TLS handshakes, PROXY headers), on all listeners. */
  readonly handshaking: () => number;
}

const Backlog = 4_096;
/** Refused clients that may take a moment to read why; beyond them they are closed at once. */
const MaxRefusals = 64;

export class Listener {
  readonly id: string;
  readonly socket: Socket;
  /** Connections that have not come to HTTP yet. */
  readonly handshakes = new Set<{ close(): void }>();
  readonly #refusals = new Set<Refusal>();
  #server: TransportServer | null = null;
  readonly #options: ListenerOptions;

  constructor(id: string, socket: Socket, options: ListenerOptions) {
    this.id = id;
    this.socket = socket;
    this.#options = options;
  }

  get port(): number {
    return this.#server === null ? 0 : this.#server.port;
  }

  /** Rejects with the system's error. */
  async open(): Promise<void> {
    const { core, transport, contexts, reusePort } = this.#options;
    const { address, port, protocol } = this.socket;
    const where = { address, port, reusePort, backlog: Backlog };
    const accept = (connection: Connection, announced: Announced | null): void => {
      connection.handler = new Downstream(connection, core, this.id, announced);
    };
    if (protocol === 'HTTP') {
      this.#server = await transport.listen(where, (connection) => {
        const limit = this.#limitHit();
        if (limit === null) this.#begin(connection);
        else this.#refuse(connection, limit);
      });
      return;
    }
    this.#server = await listenSecure(
      {
        ...where,
        transport,
        timers: core.timers,
        handshakes: this.handshakes,
        termsFor: (servername) => {
          const listener = core.table.sockets.get(this.id)?.listenerForName(servername);
          return listener === undefined ? null : contexts.termsOf(listener);
        },
        proxyProtocol: (peer) => this.#proxyProtocol(peer),
        handshakeTimeout: () => core.settings.timeouts.handshake,
        admits: () => this.#limitHit() === null,
        onHandshakeFailed: (why) => core.telemetry.limitHit(why),
      },
      accept,
    );
  }

  #begin(connection: Connection): void {
    const { core } = this.#options;
    const expected = this.#proxyProtocol(connection.remoteAddress);
    if (expected === 'Ignored') {
      connection.handler = new Downstream(connection, core, this.id, null);
      return;
    }
    if (expected === 'Refused') {
      core.telemetry.limitHit('proxy-protocol');
      connection.destroy();
      return;
    }
    new ProxyPreface(connection, {
      required: expected === 'Required',
      timers: core.timers,
      timeout: core.settings.timeouts.handshake,
      prefaces: this.handshakes,
      onFailed: () => core.telemetry.limitHit('proxy-protocol'),
      onDone: (announced) => new Downstream(connection, core, this.id, announced),
    }).begin();
  }

  /** What is expected of this peer before anything else. */
  #proxyProtocol(peer: string): ProxyExpectation {
    const clients = this.#options.core.clientsOf(this.id);
    if (clients.proxyProtocol === 'Disabled') return 'Ignored';
    if (clients.announces(plainAddress(peer))) return clients.proxyProtocol;
    return clients.proxyProtocol === 'Required' ? 'Refused' : 'Ignored';
  }

  async close(): Promise<void> {
    for (const handshake of this.handshakes) handshake.close();
    for (const refusal of this.#refusals) refusal.close();
    const server = this.#server;
    this.#server = null;
    if (server !== null) await server.close();
  }

  /** Why one more connection is not taken, counted; null if it is. */
  #limitHit(): 'connections' | 'descriptors' | null {
    const { core, descriptors, handshaking } = this.#options;
    const { connections, connectionsPerListener } = core.settings.limits;
    const open = core.openConnections() + handshaking();
    const here = core.openOn(this.id) + this.handshakes.size;
    const limit = open >= connections || here >= connectionsPerListener ? 'connections' : 'descriptors';
    if (limit === 'descriptors' && descriptors.haveClientRoom()) return null;
    core.telemetry.limitHit(limit);
    return limit;
  }

  #refuse(connection: Connection, limit: 'connections' | 'descriptors'): void {
    const atOnce = limit === 'descriptors' || this.#refusals.size >= MaxRefusals;
    new Refusal(connection, this.#refusals, this.#options.core.timers).begin(atOnce);
  }
}
