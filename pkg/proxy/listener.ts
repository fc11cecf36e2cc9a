/** One bound socket: accepts within the limits, and makes a Downstream of what it accepted. Lives as long as any table names it. */
import { Buffer } from 'node:buffer';
import type { Socket } from '../ir/listener.ts';
import { Downstream } from './connection.ts';
import type { Core } from './core.ts';
import { errorReply } from './local-reply.ts';
import type { SecureContexts } from './secure-context.ts';
import { type Handshake, listenSecure } from './secure-listener.ts';
import type { Connection, Transport, TransportServer } from './transport.ts';

export interface ListenerOptions {
  readonly core: Core;
  readonly transport: Transport;
  readonly contexts: SecureContexts;
  readonly reusePort: boolean;
  /** Open descriptors, at most; 0 for no budget. */
  readonly descriptorLimit: number;
}

const Backlog = 4_096;

export class Listener {
  readonly id: string;
  readonly socket: Socket;
  readonly handshakes = new Set<Handshake>();
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
    const accept = (connection: Connection): void => {
      connection.handler = new Downstream(connection, core, this.id);
    };
    if (protocol === 'HTTP') {
      this.#server = await transport.listen(where, (connection) => {
        if (this.#admits()) accept(connection);
        else refuse(connection);
      });
      return;
    }
    this.#server = await listenSecure(
      {
        ...where,
        transport,
        timers: core.timers,
        handshakes: this.handshakes,
        contextFor: (servername) => {
          const listener = core.table.sockets.get(this.id)?.listenerForName(servername);
          return listener === undefined ? null : contexts.contextOf(listener);
        },
        handshakeTimeout: () => core.settings.timeouts.handshake,
        admits: () => this.#admits(),
        onHandshakeFailed: () => core.telemetry.limitHit('handshake'),
      },
      accept,
    );
  }

  async close(): Promise<void> {
    for (const handshake of this.handshakes) handshake.close();
    const server = this.#server;
    this.#server = null;
    if (server !== null) await server.close();
  }

  #admits(): boolean {
    const { core, descriptorLimit } = this.#options;
    const { connections, connectionsPerListener } = core.settings.limits;
    const open = core.openConnections();
    const here = core.openOn(this.id) + this.handshakes.size;
    // Every request may need a second descriptor upstream. Without a budget the kernel resets connections and nobody is told.
    const spent = descriptorLimit > 0 && 2 * open >= 0.9 * descriptorLimit;
    if (!spent && open < connections && here < connectionsPerListener) return true;
    core.telemetry.limitHit(spent ? 'descriptors' : 'connections');
    return false;
  }
}

/** Says why, as far as one write can. */
function refuse(connection: Connection): void {
  const { status, body } = errorReply('connection-limit', undefined, '');
  const head = `HTTP/1.1 ${status} Service Unavailable\r\nContent-Type: application/problem+json\r\nContent-Length: ${body.length}\r\n`;
  const bytes = Buffer.from(`${head}Retry-After: 1\r\nConnection: close\r\n\r\n${String(body)}`);
  connection.handler = { onData() {}, onEnd: () => connection.destroy(), onDrain() {}, onClose() {} };
  connection.write(bytes, 0, bytes.length);
  connection.end();
}
