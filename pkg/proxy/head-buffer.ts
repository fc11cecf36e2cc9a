/** Collects the bytes of a request head in the exchange's own buffer and says when it is whole. The transport's bytes are gone after the call. */
import { Buffer } from 'node:buffer';
import type { Head } from '../http1/head.ts';
import { Incomplete, scanRequest, TooManyFields, VersionUnsupported } from '../http1/head.ts';
import type { ErrorCode } from './errors.ts';

/** Most heads. */
const Usual = 8_192;
/** Scanned first: a body that came with its head is not copied along. */
const FirstLook = 2_048;

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
    let result = Incomplete;
    for (let at = start; at < end && result === Incomplete && this.#length <= limit; ) {
      if (this.#length === this.bytes.length) this.#grow();
      const room = this.bytes.length - this.#length;
      const taken = Math.min(end - at, room, at === start && before === 0 ? FirstLook : room);
      const seen = this.#length;
      bytes.copy(this.bytes, seen, at, at + taken);
      this.#length += taken;
      at += taken;
      // With what was seen before, a head that comes byte by byte is scanned once a line, not once a byte.
      result = scanRequest(this.bytes, 0, this.#length, head, seen);
    }
    if (result > 0) {
      this.taken = result - before;
      return result > limit ? 'headers-too-large' : 'complete';
    }
    this.taken = this.#length - before;
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
