/**
 * A backend that keeps every byte the gateway sends, reads it with its own strict parser (`message.ts`), and gives each request an answer with an id
 * of its own, so that an answer on the wrong connection shows. Used by the strictness tests.
 */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Conversation, violationsOf } from './invariants.ts';
import { readRequest, type StrictMessage, valuesOf } from './message.ts';

/** One request that came whole. */
export interface Recorded {
  /** Also the body of its answer, unless a script gave another. */
  readonly id: string;
  readonly message: StrictMessage;
  /** Of the client, as the gateway tells it. */
  readonly client: string;
}

/** What is sent in place of the usual answer. */
export interface Scripted {
  readonly bytes: string;
  /** The connection ends behind it. */
  readonly end?: boolean;
  /** Why nothing may come on this connection any more. */
  readonly spoils?: string;
  /** What comes behind belongs to a tunnel. */
  readonly tunnel?: boolean;
}

/** @returns null for the usual answer */
export type Script = (request: Recorded) => Scripted | null;

export interface Recorder {
  readonly port: number;
  readonly requests: readonly Recorded[];
  readonly conversations: readonly Conversation[];
  /** Bytes received, over all connections. */
  readonly received: number;
  /** Bytes sent, over all connections. */
  readonly sent: number;
  /** Requests that came whole, of one client. */
  of(client: string): readonly Recorded[];
  /** Everything that is wrong with what came; empty if nothing is. */
  violations(): string[];
  close(): Promise<void>;
}

export async function createRecorder(script: Script = () => null): Promise<Recorder> {
  const requests: Recorded[] = [];
  const byClient = new Map<string, Recorded[]>();
  const connections: Recording[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    connections.push(
      new Recording(socket, (message) => {
        const client = valuesOf(message.fields, 'x-forwarded-for').join();
        const recorded = { id: `answer-${requests.length + 1}`, message, client };
        requests.push(recorded);
        byClient.set(client, [...(byClient.get(client) ?? []), recorded]);
        return script(recorded) ?? { bytes: usualAnswer(recorded) };
      }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    get conversations() {
      return connections;
    },
    get received() {
      return connections.reduce((sum, { bytes }) => sum + bytes.length, 0);
    },
    get sent() {
      return connections.reduce((sum, { socket }) => sum + socket.bytesWritten, 0);
    },
    of: (client) => byClient.get(client) ?? [],
    violations: () => connections.flatMap((connection) => violationsOf(connection)),
    async close() {
      for (const { socket } of connections) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** 200 with the id as field and as body. */
export function usualAnswer({ id, message }: Recorded): string {
  const body = message.startLine.startsWith('HEAD ') ? '' : id;
  return `HTTP/1.1 200 OK\r\nX-Answer: ${id}\r\nContent-Length: ${id.length}\r\n\r\n${body}`;
}

class Recording implements Conversation {
  readonly socket: Socket;
  spoilt: Conversation['spoilt'] = null;
  tunnelAt: number | null = null;
  readonly #answer: (message: StrictMessage) => Scripted;
  #pieces: Buffer[] = [];
  #length = 0;
  /** Where the next request begins. */
  #next = 0;
  #continued = false;
  #dead = false;

  constructor(socket: Socket, answer: (message: StrictMessage) => Scripted) {
    this.socket = socket;
    this.#answer = answer;
    socket.on('data', (bytes: Buffer) => this.#onData(bytes));
    // A reset is how the gateway ends what it gave up.
    socket.on('error', () => {});
  }

  get bytes(): Buffer {
    if (this.#pieces.length !== 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0]!;
  }

  #onData(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#length += bytes.length;
    while (!this.#dead && this.tunnelAt === null && this.#next < this.#length) {
      const reading = readRequest(this.bytes.subarray(this.#next));
      if (reading.kind === 'broken') {
        // Nothing that follows has a meaning; `violations` tells why.
        this.#dead = true;
        this.socket.destroy();
        return;
      }
      if (reading.kind === 'incomplete') {
        this.#goOn(reading.head === null ? [] : valuesOf(reading.head.fields, 'expect'));
        return;
      }
      this.#continued = false;
      this.#next += reading.message.length;
      this.#send(this.#answer(reading.message));
    }
  }

  /** RFC 9110 10.1.1: a body that waits for it is asked for, once. */
  #goOn(expectations: readonly string[]): void {
    if (this.#continued || expectations.length === 0) return;
    this.#continued = true;
    this.socket.write('HTTP/1.1 100 Continue\r\n\r\n');
  }

  #send({ bytes, end = false, spoils, tunnel = false }: Scripted): void {
    if (spoils !== undefined) this.spoilt = { at: this.#next, by: spoils };
    // What the client sends behind an upgrade is no HTTP; before the 101 nobody may know whether it is (CVE-2026-2833).
    if (tunnel && this.#length > this.#next)
      this.spoilt = { at: this.#next, by: 'a request for an upgrade, before its answer' };
    else if (tunnel) this.tunnelAt = this.#next;
    const data = Buffer.from(bytes, 'latin1');
    if (end) this.socket.end(data);
    else this.socket.write(data);
  }
}
