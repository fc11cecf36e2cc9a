/**
 * Chooses the transport at start. The handle transport stands on undocumented ground, so it must first show on loopback that it does here what it did
 * where it was tested; any surprise, and the documented API serves.
 */
import { Buffer } from 'node:buffer';
import type { Timers } from './timers.ts';
import type { Connection, ConnectionHandler, Transport } from './transport.ts';
import { createHandleTransport } from './transport-handle.ts';
import { createSocketTransport } from './transport-socket.ts';

export interface TransportChoice {
  readonly transport: Transport;
  /** Why the handle transport was not taken, if `auto` asked for it; null otherwise. */
  readonly reason: string | null;
}

const SelfTestMs = 2000;
/** More than the socket buffers of both ends hold, so that writes go async and regions are swapped. */
const LargeBytes = 8 * 1024 * 1024;

/** @param setting `handle` fails where the self-test does: who forces it wants to know */
export async function chooseTransport(setting: 'socket' | 'handle' | 'auto', timers: Timers): Promise<TransportChoice> {
  if (setting === 'socket') return { transport: createSocketTransport(timers), reason: null };
  let reason: string;
  try {
    const transport = createHandleTransport(timers);
    const surprise = await testTransport(transport);
    if (surprise === null) return { transport, reason: null };
    reason = surprise;
  } catch (error) {
    reason = Error.isError(error) ? error.message : String(error);
  }
  if (setting === 'handle')
    throw new Error(`The handle transport does not work here: ${reason}. Use \`auto\` or \`socket\`.`);
  return { transport: createSocketTransport(timers), reason };
}

/** @returns what was surprising, or null */
export async function testTransport(transport: Transport): Promise<string | null> {
  const server = await transport.listen(
    { address: '127.0.0.1', port: 0, reusePort: false, backlog: 16 },
    (accepted) => {
      accepted.handler = new Echo(accepted);
    },
  );
  try {
    return await new Promise<string | null>((resolve) => {
      const timeout = setTimeout(() => resolve(`no complete echo within ${SelfTestMs} ms`), SelfTestMs);
      const done = (surprise: string | null): void => {
        clearTimeout(timeout);
        resolve(surprise);
      };
      transport.connect({ host: '127.0.0.1', port: server.port, timeout: SelfTestMs }, (connection, error) => {
        if (connection === null) done(`connect: ${error}`);
        else connection.handler = new Sender(connection, done);
      });
    });
  } finally {
    await server.close();
  }
}

/** Answers from the output region, and stops reading while the peer is slow. */
class Echo implements ConnectionHandler {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  onData(bytes: Buffer, start: number, end: number): void {
    bytes.copy(this.#connection.output(), 0, start, end);
    if (!this.#connection.writeOutput(end - start)) this.#connection.pause();
  }

  onDrain(): void {
    this.#connection.resume();
  }

  onEnd(): void {
    this.#connection.end();
  }

  onClose(): void {}
}

/** Sends numbered bytes, reads slowly at first, compares, and ends in order. */
class Sender implements ConnectionHandler {
  readonly #connection: Connection;
  readonly #done: (surprise: string | null) => void;
  readonly #large = Buffer.allocUnsafeSlow(LargeBytes);
  #received = 0;
  #drained = false;
  #wrong = '';

  constructor(connection: Connection, done: (surprise: string | null) => void) {
    this.#connection = connection;
    this.#done = done;
    for (let i = 0; i < LargeBytes; i += 4) this.#large.writeUInt32LE(i, i);
    connection.pause();
    if (connection.write(this.#large, 0, LargeBytes))
      this.#wrong = 'a large write was called complete while nobody read';
    else if (!connection.pending) this.#wrong = 'a waiting write is not pending';
    setImmediate(() => connection.resume());
  }

  onData(bytes: Buffer, start: number, end: number): void {
    const same = bytes.compare(this.#large, this.#received, this.#received + end - start, start, end) === 0;
    if (!same) this.#wrong ||= `wrong bytes at ${this.#received}`;
    this.#received += end - start;
    if (this.#received === LargeBytes) this.#connection.end();
  }

  onDrain(): void {
    this.#drained = true;
  }

  onEnd(): void {
    if (this.#received !== LargeBytes) this.#wrong ||= `end after ${this.#received} of ${LargeBytes} bytes`;
    if (!this.#drained) this.#wrong ||= 'no drain';
  }

  onClose(error: string | null): void {
    if (error !== null) this.#wrong ||= `closed by ${error}`;
    this.#done(this.#wrong || null);
  }
}
