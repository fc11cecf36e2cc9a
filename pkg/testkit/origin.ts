/** A backend that a test scripts byte by byte. */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Message } from './message.ts';
import { RawStream } from './stream.ts';

export interface Origin {
  readonly port: number;
  /** Every connection so far, in the order they were accepted. */
  readonly connections: readonly RawStream[];
  /** Every request that `serve` has read whole. */
  readonly requests: readonly Message[];
  /** The connection with this index, as soon as it is there. */
  connection(index: number): Promise<RawStream>;
  close(): Promise<void>;
}

/** Answers one request; returns the response as bytes, or null after having written (or closed) by itself. */
export type Answer = (request: Message, stream: RawStream) => string | Uint8Array | null | Promise<string | null>;

/** @param answer absent: connections are accepted and the test reads and writes them itself */
export async function createOrigin(answer?: Answer): Promise<Origin> {
  const connections: RawStream[] = [];
  const requests: Message[] = [];
  const waiters: (() => void)[] = [];
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    const stream = new RawStream(socket);
    connections.push(stream);
    for (const waiter of waiters.splice(0)) waiter();
    if (answer !== undefined) void serve(stream, requests, answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    requests,
    async connection(index) {
      while (connections.length <= index) await new Promise<void>((resolve) => void waiters.push(resolve));
      return connections[index]!;
    },
    async close() {
      for (const stream of connections) stream.close();
      server.close();
      await once(server, 'close');
    },
  };
}

async function serve(stream: RawStream, requests: Message[], answer: Answer): Promise<void> {
  for (;;) {
    await stream.until(() => stream.received.length > 0 || stream.ended);
    if (stream.ended && stream.received.length === 0) {
      stream.finish();
      return;
    }
    let request: Message;
    try {
      request = await stream.message();
    } catch {
      return;
    }
    requests.push(request);
    const response = await answer(request, stream);
    if (response === null) return;
    stream.send(response);
  }
}

/** `HTTP/1.1 200 OK` with a length. */
export function reply(body: string, ...fields: string[]): string {
  return ['HTTP/1.1 200 OK', `Content-Length: ${Buffer.byteLength(body)}`, ...fields, '', body].join('\r\n');
}
