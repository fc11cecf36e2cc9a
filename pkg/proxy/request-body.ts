/** Cuts the body of one request out of the connection's bytes, and knows how fast it comes. One per connection. */
import type { Buffer } from 'node:buffer';
import { BadChunk, ChunkedDecoder, Done } from '../http1/chunked.ts';
import { BodyChunked } from '../upstream/upstream.ts';

const MaxStepMs = 250;

/** Bits of what keeps body bytes back: none undoes another. */
export const ByExchange = 1;
export const ByGate = 2;

export class RequestBody {
  /** Data of the last `read`: `bytes[dataStart, dataEnd)`; behind what belongs to the body: `next`. */
  dataStart = 0;
  dataEnd = 0;
  next = 0;
  /** The last `read` completed it. */
  last = false;
  #chunked = false;
  #left = 0;
  #decoder: ChunkedDecoder | null = null;
  /** Data bytes since the pace was looked at last. */
  #progress = 0;
  /** When it was seen to move last. */
  #movedAt = 0;
  /** Since when the rate is measured, and bytes since then. */
  #measuredAt = 0;
  #measuredBytes = 0;

  /** @param length bytes, or BodyChunked @param now monotonic ms, as below */
  begin(length: number, now: number): void {
    this.excuse(now);
    this.#chunked = length === BodyChunked;
    if (this.#chunked) (this.#decoder ??= new ChunkedDecoder()).reset();
    else this.#left = length;
  }

  /** @returns false if the framing is broken; nothing of this read is to be used then */
  read(bytes: Buffer, start: number, end: number): boolean {
    if (this.#chunked) {
      const decoder = this.#decoder!;
      const result = decoder.feed(bytes, start, end);
      if (result === BadChunk) return false;
      this.dataStart = decoder.dataStart;
      this.dataEnd = decoder.dataEnd;
      this.next = decoder.next;
      this.last = result === Done;
    } else {
      const taken = Math.min(this.#left, end - start);
      this.#left -= taken;
      this.dataStart = start;
      this.dataEnd = start + taken;
      this.next = start + taken;
      this.last = this.#left === 0;
    }
    this.#progress += this.dataEnd - this.dataStart;
    return true;
  }

  /** CRLF-terminated lines, or null; once it is complete. */
  get trailers(): Buffer | null {
    return this.#chunked ? this.#decoder!.trailers : null;
  }

  /** Whether what is left is so little that reading and dropping it costs less than a new connection. @param most bytes */
  endsWithin(most: number): boolean {
    return this.#chunked || this.#left <= most;
  }

  /** When to ask `keptPace`, in ms: often enough that nobody stays a second longer than allowed, and without a clock read per chunk. */
  static step(silence: number): number {
    return Math.min(silence / 4, MaxStepMs);
  }

  /**
   * Whether the client keeps the pace; to be asked every `step(silence)` ms.
   * @param rate bytes a second measured over `silence`, 0 for none
   * @param silence the longest pause between two reads, ms
   */
  keptPace(now: number, rate: number, silence: number): boolean {
    if (this.#progress > 0) this.#movedAt = now;
    this.#measuredBytes += this.#progress;
    this.#progress = 0;
    if (now - this.#movedAt >= silence) return false;
    // By the clock: steps come late, and over a minute their delays add up to seconds.
    const measured = now - this.#measuredAt;
    if (measured < silence) return true;
    const kept = this.#measuredBytes >= (rate * measured) / 1000;
    this.#measuredAt = now;
    this.#measuredBytes = 0;
    return kept;
  }

  /** The pause was ours: time counts from now on. */
  excuse(now: number): void {
    this.#progress = 0;
    this.#movedAt = now;
    this.#measuredAt = now;
    this.#measuredBytes = 0;
  }
}
