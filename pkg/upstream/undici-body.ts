/** A request body on its way into undici, which wants a stream. One per request with a body; made only on this lane. */
import type { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';

const HighWater = 65_536;

export class UndiciBody extends Readable {
  #drained: (() => void) | null;
  #full = false;

  /** @param drained called each time more is wanted after `add` returned false */
  constructor(drained: () => void) {
    super({ highWaterMark: HighWater });
    this.#drained = drained;
  }

  /** @param bytes given away @returns false: wait for `drained` */
  add(bytes: Buffer): boolean {
    this.#full = !this.push(bytes);
    return !this.#full;
  }

  finish(): void {
    this.push(null);
  }

  override _read(): void {
    if (!this.#full) return;
    this.#full = false;
    this.#drained?.();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#drained = null;
    callback(error);
  }
}
