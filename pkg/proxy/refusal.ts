/** The end of a connection that its listener does not take: says why, as far as one write can, and never stays for long. */
import { Buffer } from 'node:buffer';
import { errorReply } from './local-reply.ts';
import { TimerEntry, type Timers } from './timers.ts';
import type { Connection } from './transport.ts';

/** So that the answer is read before a reset could overtake it; whoever does not go by then is made to. */
const LingerMs = 500;

export class Refusal extends TimerEntry {
  readonly #connection: Connection;
  readonly #refusals: Set<Refusal>;
  readonly #timers: Timers;

  /** @param refusals holds it while it lasts */
  constructor(connection: Connection, refusals: Set<Refusal>, timers: Timers) {
    super();
    this.#connection = connection;
    this.#refusals = refusals;
    this.#timers = timers;
  }

  /** @param atOnce what was written goes out, but nobody waits for the client */
  begin(atOnce: boolean): void {
    const connection = this.#connection;
    connection.handler = { onData() {}, onEnd: () => this.close(), onDrain() {}, onClose: () => this.#gone() };
    const { status, body } = errorReply('connection-limit', undefined, '');
    const head = `HTTP/1.1 ${status} Service Unavailable\r\nContent-Type: application/problem+json\r\nContent-Length: ${body.length}\r\n`;
    const bytes = Buffer.from(`${head}Retry-After: 1\r\nConnection: close\r\n\r\n${String(body)}`);
    this.#refusals.add(this);
    connection.write(bytes, 0, bytes.length);
    connection.end();
    if (atOnce) this.close();
    else this.#timers.schedule(this, LingerMs);
  }

  close(): void {
    this.#gone();
    this.#connection.destroy();
  }

  override onTimeout(): void {
    this.close();
  }

  #gone(): void {
    this.#timers.cancel(this);
    this.#refusals.delete(this);
  }
}
