/** The request body as far as it has come, kept for another attempt. Within its bound a retry can begin anew; beyond it there is none. */
import { Buffer } from 'node:buffer';
import type { UpstreamStream } from '../upstream/upstream.ts';

const NoBytes = Buffer.alloc(0);
const First = 4_096;
/** A buffer up to this size is kept for the next request of the exchange. */
const Kept = 16_384;

export class Replay {
  #buffer: Buffer | null = null;
  #length = 0;
  #limit = 0;
  /** Whether everything that came is here. */
  complete = true;
  trailers: Buffer | null = null;

  /** Everything counts that comes before `begin`: a policy reads the body. */
  collects = false;
  /** A policy has seen the buffer, which is therefore never filled again. */
  #shown = false;

  get length(): number {
    return this.#length;
  }

  /** What is here; of no later exchange, however long somebody holds on to it. */
  get bytes(): Buffer {
    this.#shown = true;
    return this.#buffer === null ? NoBytes : this.#buffer.subarray(0, this.#length);
  }

  collect(): void {
    if (this.collects) return;
    this.begin(Number.POSITIVE_INFINITY);
    this.collects = true;
  }

  replace(bytes: Buffer): void {
    this.#buffer = bytes;
    this.#length = bytes.length;
    this.#shown = true;
    this.trailers = null;
  }

  /** @param limit bytes; 0 for a request without body, or to keep nothing. What was collected stays, however much it is. */
  begin(limit: number): void {
    if (this.collects) {
      this.collects = false;
      this.#limit = Math.max(limit, this.#length);
      return;
    }
    this.#limit = limit;
    this.#length = 0;
    this.complete = true;
    this.trailers = null;
  }

  /** Nothing will be sent again. What is here stays until it is sent once. */
  forgo(): void {
    this.#limit = this.#length;
  }

  add(bytes: Buffer, start: number, end: number): void {
    if (!this.complete || start === end) return;
    const length = this.#length + end - start;
    if (length > this.#limit) {
      this.complete = false;
      if (this.#length > 0) this.#buffer = null;
      this.#length = 0;
      return;
    }
    this.#reserve(length);
    bytes.copy(this.#buffer!, this.#length, start, end);
    this.#length = length;
  }

  end(trailers: Buffer | null): void {
    this.trailers = trailers;
  }

  /** Sends what is kept. @returns false if the stream asks to wait */
  write(stream: UpstreamStream): boolean {
    return this.#length === 0 || !this.complete || stream.write(this.#buffer!, 0, this.#length, false);
  }

  clear(): void {
    this.#length = 0;
    this.trailers = null;
    this.collects = false;
    if (this.#shown || (this.#buffer !== null && this.#buffer.length > Kept)) this.#buffer = null;
    this.#shown = false;
  }

  #reserve(length: number): void {
    if (this.#buffer !== null && this.#buffer.length >= length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(First, Math.min(this.#limit, 2 * length)));
    if (this.#buffer !== null) this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
