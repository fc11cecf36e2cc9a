/** Collects the bytes of a request head in the exchange's own buffer and says when it is whole. The transport's bytes are gone after the call. */
import { Buffer } from 'node:buffer';
import type { Head } from '../http1/head.ts';
import { Incomplete, scanRequest, TooManyFields, VersionUnsupported } from '../http1/head.ts';
import type { ErrorCode } from './errors.ts';

/** Most heads, with the body of a small POST. */
const Usual = 8_192;

export class HeadBuffer {
  bytes: Buffer = Buffer.allocUnsafeSlow(Usual);
  /** How many of the bytes given to the last `add` belong to the head. */
  taken = 0;
  #length = 0;

  /** Begins a new head. */
  reset(): void {
    this.#length = 0;
    if (this.bytes.length > Usual) this.bytes = Buffer.allocUnsafeSlow(Usual);
  }

  /**
   * Takes `bytes[start, end)` and scans.
   * @param limit of the head in bytes
   * @returns 'complete', 'incomplete', or why it is refused
   */
  add(bytes: Buffer, start: number, end: number, head: Head, limit: number): 'complete' | 'incomplete' | ErrorCode {
    const before = this.#length;
    if (before === this.bytes.length) this.#grow();
    const taken = Math.min(end - start, this.bytes.length - before);
    this.bytes.set(bytes.subarray(start, start + taken), before);
    this.#length = before + taken;
    this.taken = taken;
    const result = scanRequest(this.bytes, 0, this.#length, head);
    if (result > 0) {
      this.taken = result - before;
      return result > limit ? 'headers-too-large' : 'complete';
    }
    if (result === Incomplete) {
      if (this.#length <= limit) return 'incomplete';
      return head.targetEnd === 0 ? 'uri-too-long' : 'headers-too-large';
    }
    if (result === TooManyFields) return 'headers-too-large';
    return result === VersionUnsupported ? 'version-unsupported' : 'bad-request';
  }

  #grow(): void {
    const larger = Buffer.allocUnsafeSlow(this.bytes.length * 2);
    larger.set(this.bytes);
    this.bytes = larger;
  }
}
