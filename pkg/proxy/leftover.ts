/** Reads the rest of an answer that nobody wants any more, if it is short and comes soon: then its connection can serve again. */
import type { Buffer } from 'node:buffer';
import type { Head } from '../http1/head.ts';
import type { ResponseHandler, UpstreamStream } from '../upstream/upstream.ts';
import { TimerEntry, type Timers } from './timers.ts';
import type { Connection } from './transport.ts';

/** More costs more than a new connection. */
const MaxBytes = 65_536;
const MaxMs = 1_000;

export class Leftover extends TimerEntry implements ResponseHandler {
  readonly #stream: UpstreamStream;
  readonly #timers: Timers;
  #bytes = 0;

  constructor(stream: UpstreamStream, timers: Timers) {
    super();
    this.#stream = stream;
    this.#timers = timers;
  }

  begin(): void {
    this.#timers.schedule(this, MaxMs);
    this.#stream.redirect(this);
    this.#stream.resume();
  }

  override onTimeout(): void {
    this.#stream.abort();
  }

  onData(_bytes: Buffer, start: number, end: number): void {
    this.#bytes += end - start;
    if (this.#bytes <= MaxBytes) return;
    this.#timers.cancel(this);
    this.#stream.abort();
  }

  onEnd(): void {
    this.#timers.cancel(this);
  }

  onFailure(): void {
    this.#timers.cancel(this);
  }

  onUpgrade(_status: number, _bytes: Buffer, _head: Head, connection: Connection): void {
    this.#timers.cancel(this);
    connection.destroy();
  }

  onInformational(): void {}
  onHead(): void {}
  onFlush(): void {}
  onRequestDrain(): void {}
}
