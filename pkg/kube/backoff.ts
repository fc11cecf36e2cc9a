/** Delays that grow with each failure, jittered so that pods do not come back in step. */
export class Backoff {
  failures = 0;
  readonly #first: number;
  readonly #longest: number;
  readonly #random: () => number;

  /** Both in ms. */
  constructor(first: number, longest: number, random: () => number) {
    this.#first = first;
    this.#longest = longest;
    this.#random = random;
  }

  /** ms to wait now: between half and all of first × 2^failures. */
  next(): number {
    const full = Math.min(this.#longest, this.#first * 2 ** Math.min(this.failures++, 20));
    return full * (0.5 + this.#random() / 2);
  }

  reset(): void {
    this.failures = 0;
  }
}
