/** The last text that bytes spelled: a field that is the same in most requests (User-Agent) becomes a string once, and stays the same object. */
import type { Buffer } from 'node:buffer';

export class KeptText {
  #bytes = new Uint8Array(0);
  #length = -1;
  #text = '';

  /** `bytes[start, end)` as Latin-1. */
  read(bytes: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length === this.#length && this.#isSame(bytes, start)) return this.#text;
    if (length > this.#bytes.length) this.#bytes = new Uint8Array(length);
    this.#bytes.set(bytes.subarray(start, end));
    this.#length = length;
    this.#text = bytes.toString('latin1', start, end);
    return this.#text;
  }

  #isSame(bytes: Buffer, start: number): boolean {
    for (let i = 0; i < this.#length; i++) if (this.#bytes[i] !== bytes[start + i]) return false;
    return true;
  }
}
