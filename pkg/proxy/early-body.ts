/** What of a response's body came while its head was with an asynchronous filter: the rest of one read, since the upstream is paused then. */
import { Buffer } from 'node:buffer';

const none: readonly Buffer[] = [];

export class EarlyBody {
  #parts: Buffer[] | null = null;
  /** The response is complete. */
  ended = false;
  trailers: Buffer | null = null;

  add(bytes: Buffer, start: number, end: number): void {
    (this.#parts ??= []).push(Buffer.from(bytes.subarray(start, end)));
  }

  end(trailers: Buffer | null): void {
    this.ended = true;
    this.trailers = trailers;
  }

  /** Gives the parts away. */
  take(): readonly Buffer[] {
    const parts = this.#parts ?? none;
    this.#parts = null;
    return parts;
  }

  clear(): void {
    this.#parts = null;
    this.ended = false;
    this.trailers = null;
  }
}
