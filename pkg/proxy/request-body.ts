/** Cuts the body of one request out of the connection's bytes, and knows how fast it comes. One per connection. */
import type { Buffer } from 'node:buffer';
import { BadChunk, ChunkedDecoder, Done } from '../http1/chunked.ts';
import { BodyChunked } from '../upstream/upstream.ts';

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
  /** Data bytes since the pace was asked for last. */
  #progress = 0;

  /** @param length bytes, or BodyChunked */
  begin(length: number): void {
    this.#progress = 0;
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

  /**
   * Whether the client kept the pace since the last call: any byte at all, and the minimum rate.
   * @param rate bytes a second, 0 for none
   * @param ms how long the last call is ago
   */
  keptPace(rate: number, ms: number): boolean {
    const kept = this.#progress >= Math.max(1, (rate * ms) / 1000);
    this.#progress = 0;
    return kept;
  }

  /** The pause was ours. */
  excuse(): void {
    this.#progress = Number.MAX_SAFE_INTEGER;
  }
}
