/** A small seeded generator: the same input for the same seed, part and index, so that any one input can be made again alone. Used by every part. */

export class Random {
  #state: number;
  /** A calm input is right until it is mutated, so that what is left after one damage is often still accepted. */
  readonly calm: boolean;

  /** @param index of the input within the part */
  constructor(seed: number, part: string, index: number) {
    let state = Math.imul(seed, 0x9e37_79b1) ^ Math.imul(index + 1, 0x85eb_ca6b);
    for (let i = 0; i < part.length; i++) state = Math.imul(state ^ part.charCodeAt(i), 0x0100_0193);
    this.#state = state >>> 0;
    this.calm = this.chance(3, 5);
  }

  /** 0 to `limit - 1` (mulberry32). */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296) * limit) | 0;
  }

  /** True in `one` of `of` cases. */
  chance(one: number, of: number): boolean {
    return this.below(of) < one;
  }

  /** As `chance`, for what is wrong: never in a calm input. */
  odd(of: number): boolean {
    return !this.calm && this.below(of) === 0;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}
