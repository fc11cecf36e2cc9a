/** Connections that say something and then fall silent. Used by the measurement of what the gateway holds for them. */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect } from 'node:net';

export interface Hold {
  close(): Promise<void>;
}

/** @returns when all are open and `bytes` have gone out on each */
export async function createHold(port: number, address: string, bytes: string, connections: number): Promise<Hold> {
  const data = Buffer.from(bytes, 'latin1');
  const sockets = Array.from({ length: connections }, () => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: address, noDelay: true, allowHalfOpen: true });
    // A refusal may come as a reset while the rest is being sent.
    socket.on('error', () => {});
    socket.resume();
    return socket;
  });
  await Promise.all(
    sockets.map(async (socket) => {
      await once(socket, 'connect');
      await new Promise((resolve) => socket.write(data, resolve));
    }),
  );
  return {
    async close() {
      await Promise.all(
        sockets.map(async (socket) => {
          socket.destroy();
          if (!socket.closed) await once(socket, 'close');
        }),
      );
    },
  };
}
