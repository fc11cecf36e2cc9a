/** The start of a plaintext connection on a socket that speaks the PROXY protocol: its header is read, then HTTP begins behind it. */
import { Buffer } from 'node:buffer';
import { type Announced, readProxyHeader } from './proxy-protocol.ts';
import { TimerEntry, type Timers } from './timers.ts';
import type { Connection, ConnectionHandler } from './transport.ts';

export interface ProxyPrefaceOptions {
  /** Whether a connection without a header is closed. */
  readonly required: boolean;
  readonly timers: Timers;
  /** Milliseconds from accept to the end of the header. */
  readonly timeout: number;
  /** Hold it while it lasts. */
  readonly prefaces: Set<{ close(): void }>;
  /** No header, a wrong one, or none in time. The connection is closed. */
  onFailed(): void;
  /** @returns who takes the connection from here */
  onDone(announced: Announced | null): ConnectionHandler;
}

export class ProxyPreface extends TimerEntry implements ConnectionHandler {
  readonly #connection: Connection;
  readonly #options: ProxyPrefaceOptions;
  #kept: Buffer | null = null;

  constructor(connection: Connection, options: ProxyPrefaceOptions) {
    super();
    this.#connection = connection;
    this.#options = options;
  }

  begin(): void {
    this.#options.prefaces.add(this);
    this.#connection.handler = this;
    this.#options.timers.schedule(this, this.#options.timeout);
  }

  onData(bytes: Buffer, start: number, end: number): void {
    if (this.#kept !== null) {
      const all = Buffer.concat([this.#kept, bytes.subarray(start, end)]);
      this.#read(all, 0, all.length);
    } else this.#read(bytes, start, end);
  }

  onEnd(): void {
    this.#fail();
  }

  onDrain(): void {}

  onClose(): void {
    this.#gone();
  }

  override onTimeout(): void {
    this.#fail();
  }

  close(): void {
    this.#gone();
    this.#connection.destroy();
  }

  /** Bounded: an incomplete header is shorter than the longest one. */
  #read(bytes: Buffer, start: number, end: number): void {
    const header = readProxyHeader(bytes, start, end);
    if (header.kind === 'incomplete') {
      this.#kept = Buffer.from(bytes.subarray(start, end));
      return;
    }
    if (header.kind === 'invalid' || (header.kind === 'absent' && this.#options.required)) {
      this.#fail();
      return;
    }
    this.#gone();
    const handler = this.#options.onDone(header.kind === 'header' ? header.source : null);
    this.#connection.handler = handler;
    const next = start + (header.kind === 'header' ? header.length : 0);
    if (next < end) handler.onData(bytes, next, end);
  }

  /** Nothing is answered: who speaks here is no HTTP client, or none that may. */
  #fail(): void {
    this.#options.onFailed();
    this.close();
  }

  #gone(): void {
    this.#options.timers.cancel(this);
    this.#options.prefaces.delete(this);
  }
}
