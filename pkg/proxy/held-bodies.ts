/** Request bodies that policies hold in memory, all together, in one worker: each has a limit of its own, but there are 20,000 connections. */

/** Four bodies of the longest that a policy can ask for. The buffers may be twice as large. */
export const MaxHeldBytes = 64 * 1_048_576;

export class HeldBodies {
  #bytes = 0;

  /** @returns false, and counts nothing, if there is no room */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > MaxHeldBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  /** @param bytes that were taken */
  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}
