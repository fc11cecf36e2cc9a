/** A token bucket: so many at once, then one in so many ms. Used by whatever writes to the API server. */
export class Bucket {
  readonly #burst: number;
  readonly #every: number;
  #left: number;
  #at: number;

  /** @param every ms @param now by the clock that `take` is told of, too */
  constructor(burst: number, every: number, now: number) {
    this.#burst = burst;
    this.#every = every;
    this.#left = burst;
    this.#at = now;
  }

  /** Whether there was one. */
  take(now: number): boolean {
    this.#left = Math.min(this.#burst, this.#left + (now - this.#at) / this.#every);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
