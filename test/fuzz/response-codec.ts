/** Reads responses with the fast lane itself, on a connection that is not there: what this accepts, the gateway passes on. */
import { Buffer } from 'node:buffer';
import type { Head } from '../../pkg/http1/head.ts';
import { Timers } from '../../pkg/proxy/timers.ts';
import { type Connection, type ConnectionHandler, OutputBytes } from '../../pkg/proxy/transport.ts';
import type { Telemetry } from '../../pkg/telemetry/record.ts';
import { type ConnectFailure, H1Context } from '../../pkg/upstream/h1context.ts';
import { H1Dispatcher } from '../../pkg/upstream/h1dispatcher.ts';
import { Pending } from '../../pkg/upstream/pending.ts';
import type { ResponseHandler, UpstreamRequest } from '../../pkg/upstream/upstream.ts';
import { type Frame, threw } from './reading.ts';
import type { OurReading } from './request-codec.ts';
import { fieldsOf } from './request-codec.ts';

export interface ResponseReading extends OurReading {
  /** The connection is kept for another request. */
  readonly reused: boolean;
  /** Where the final head begins: informational responses stand before it. */
  readonly finalStart: number;
}

const quiet: Telemetry = {
  exchange() {},
  connectionOpened() {},
  connectionClosed() {},
  limitHit() {},
  upstreamConnection() {},
  policyDecision() {},
  valueDropped() {},
  tunnel() {},
};
const MaxHeadBytes = 65_536;

export class ResponseCodec {
  readonly #timers = new Timers();
  #connected: (connection: Connection, failure: ConnectFailure) => void = () => {};
  readonly #context = new H1Context(
    (_host, _port, _timeout, done) => void (this.#connected = done),
    this.#timers,
    MaxHeadBytes,
  );

  /**
   * Reads the answer to one request; the connection ends behind it.
   * @param pieces may be overwritten: chunked bodies are decoded in place
   */
  read(pieces: readonly Buffer[], method: string, upgrade: string | null): ResponseReading {
    try {
      return this.#read(pieces, method, upgrade);
    } catch (error) {
      return { frames: [], ends: [], closes: true, stop: threw(error), reused: false, finalStart: 0 };
    }
  }

  #read(pieces: readonly Buffer[], method: string, upgrade: string | null): ResponseReading {
    const options = { cluster: 'c', host: '127.0.0.1', port: 1, connectTimeout: 1_000, idleTimeout: 60_000 };
    const dispatcher = new H1Dispatcher(
      { ...options, maxLifetime: 0, maxConnections: 1 },
      this.#context,
      new Pending(1),
      quiet,
    );
    const connection = new NoConnection();
    const receiver = new Receiver();
    dispatcher.dispatchRaw(new Asked(method, upgrade), receiver);
    this.#connected(connection, 'connect-failed');
    for (const piece of pieces) {
      if (connection.closed) break;
      connection.handler.onData(piece, 0, piece.length);
    }
    if (!connection.closed && !receiver.over) connection.handler.onEnd();
    const reused = dispatcher.stats.idle === 1;
    if (!connection.closed) connection.handler.onClose(null);
    return { ...receiver.reading(), reused };
  }

  close(): void {
    this.#timers.close();
  }
}

class Receiver implements ResponseHandler {
  over = false;
  #frames: Frame[] = [];
  #ends: number[] = [];
  #start = '';
  #fields = '';
  #body = '';
  #open = false;
  #stop = 'more';
  #finalStart = 0;

  reading(): Omit<ResponseReading, 'reused'> {
    if (this.#open) this.#push(false);
    return { frames: this.#frames, ends: this.#ends, closes: false, stop: this.#stop, finalStart: this.#finalStart };
  }

  onInformational(status: number, bytes: Buffer, head: Head): void {
    this.#frames.push({ start: String(status), fields: fieldsOf(bytes, head), body: '', complete: true });
    this.#finalStart = head.end;
    this.#ends.push(head.end);
  }

  onHead(status: number, bytes: Buffer, head: Head): void {
    this.#start = String(status);
    this.#fields = fieldsOf(bytes, head);
    this.#open = true;
  }

  onData(bytes: Buffer, start: number, end: number): void {
    this.#body += bytes.toString('latin1', start, end);
  }

  onEnd(): void {
    this.#push(true);
    this.#finish('closed');
  }

  onFlush(): void {}

  onUpgrade(): void {
    this.#finish('upgrade');
  }

  onRequestDrain(): void {}

  onFailure(code: string): void {
    this.#finish(code);
  }

  #push(complete: boolean): void {
    this.#frames.push({ start: this.#start, fields: this.#fields, body: this.#body, complete });
    this.#open = false;
  }

  #finish(stop: string): void {
    this.#stop = stop;
    this.over = true;
  }
}

class Asked implements UpstreamRequest {
  readonly forwardMethod: string;
  readonly upgrade: string | null;
  readonly target = '/';
  readonly authority = 'a.example';
  readonly bodyLength = 0;

  constructor(method: string, upgrade: string | null) {
    this.forwardMethod = method;
    this.upgrade = upgrade;
  }

  encode(_out: Buffer, at: number): number {
    return at;
  }

  rawHeaders(): string[] {
    return [];
  }
}

const output = Buffer.alloc(OutputBytes);

class NoConnection implements Connection {
  handler!: ConnectionHandler;
  closed = false;
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 1;
  readonly localAddress = '127.0.0.1';
  readonly localPort = 2;
  readonly tls = null;
  readonly pending = false;

  write(): boolean {
    return true;
  }

  output(): Buffer {
    return output;
  }

  writeOutput(): boolean {
    return true;
  }

  readInto(): void {}

  pause(): void {}

  resume(): void {}

  end(): void {
    this.closed = true;
  }

  destroy(): void {
    this.closed = true;
  }
}
