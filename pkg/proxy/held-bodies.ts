/** Request bodies that policies hold in memory, all together, in one worker: each has a limit of its own, but there are 20,000 connections. */

/** Four bodies of the longest that a policy can ask for. The buffers may be twice as large. */
const MaxHeldBytes = 64 * 1_048_576;

export class HeldBodies {
  readonly #max: number;
  #bytes = 0;

  constructor(max = MaxHeldBytes) {
    this.#max = max;
  }

  /** @returns false, and counts nothing, if there is no room */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#max) return false;
    this.#bytes += bytes;
    return true;
  }

  /** @param bytes that were taken */
  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}
