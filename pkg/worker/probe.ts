/**
 * Finds out whether an address is free, before workers share it.
 *
 * Workers bind with `reusePort`, and so could a second gateway on the same machine: both would silently get half of the connections.
 * A bind without it fails while anybody holds the address, so it is tried once for each new socket.
 */
import { createServer } from 'node:net';
import type { Ir } from '../ir/ir.ts';
import type { Socket } from '../ir/listener.ts';
import type { Unbound } from './dataworker.ts';

export interface Probe {
  /** Tries the sockets that this gateway does not hold yet. @returns those that are not free, with the system's reason */
  check(sockets: Ir['sockets']): Promise<Unbound>;
}

export function createProbe(): Probe {
  let held = new Map<string, Socket>();
  return {
    async check(sockets) {
      const refused: Record<string, string> = {};
      const now = new Map<string, Socket>();
      for (const [id, socket] of Object.entries(sockets)) {
        const ours = held.has(id) || [...held.values()].some((other) => overlap(socket, other));
        const reason = ours ? null : await whyNotFree(socket.address, socket.port);
        if (reason === null) now.set(id, socket);
        else refused[id] = reason;
      }
      held = now;
      return refused;
    },
  };
}

/** Whether a bind would fail because of a socket that this gateway itself holds, and gives up with the same configuration. */
function overlap(socket: Socket, other: Socket): boolean {
  return socket.port === other.port && (socket.address === '*' || other.address === '*');
}

/** @returns null if the address can be bound, else e.g. `EADDRINUSE: address already in use 0.0.0.0:80` */
export function whyNotFree(address: string, port: number): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const server = createServer();
  server.once('error', (error: NodeJS.ErrnoException) => resolve(reasonOf(error, address, port)));
  // Without a host Node listens on `::` for both families, or on 0.0.0.0 where IPv6 is off.
  server.listen(address === '*' ? { port } : { port, host: address }, () => server.close(() => resolve(null)));
  return promise;
}

function reasonOf(error: NodeJS.ErrnoException, address: string, port: number): string {
  const told = error.message.replace(/^(?:listen|bind) /, '');
  return told.includes(String(port)) ? told : `${told} ${address}:${port}`;
}
