/** Round robin: in turn, weighted smoothly. Each worker starts somewhere else, else all of them would send their first request to the same endpoint. */
import type { Balancer, Candidate } from './balancer.ts';

export class RoundRobin<T extends Candidate> implements Balancer<T> {
  readonly #random: () => number;
  #candidates: readonly T[] = [];
  /** The turn: every candidate once for equal weights, else spread by smooth weighted round robin (nginx). */
  #order: readonly T[] = [];
  #at = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  pick(candidates: readonly T[], avoid: string): T {
    if (candidates !== this.#candidates) this.#plan(candidates);
    const first = this.#next();
    if (first.name !== avoid) return first;
    for (let i = 1; i < this.#order.length; i++) {
      const other = this.#next();
      if (other.name !== avoid) return other;
    }
    return first;
  }

  #next(): T {
    if (this.#at >= this.#order.length) this.#at = 0;
    return this.#order[this.#at++]!;
  }

  #plan(candidates: readonly T[]): void {
    this.#candidates = candidates;
    this.#order = spread(candidates);
    this.#at = Math.floor(this.#random() * this.#order.length);
  }
}

/** Longest turn that is planned: weights are scaled down to it. */
const MaxTurn = 4096;

function spread<T extends Candidate>(candidates: readonly T[]): readonly T[] {
  const usable = candidates.some((each) => each.weight > 0) ? candidates.filter((each) => each.weight > 0) : candidates;
  if (usable.every((each) => each.weight === usable[0]!.weight)) return usable;
  const divisor = usable.reduce((sum, each) => gcd(sum, each.weight), 0);
  const total = usable.reduce((sum, each) => sum + each.weight / divisor, 0);
  const scale = Math.max(1, total / MaxTurn);
  const weights = usable.map((each) => Math.max(1, Math.round(each.weight / divisor / scale)));
  const turn = weights.reduce((sum, weight) => sum + weight, 0);
  const current = weights.map(() => 0);
  return Array.from({ length: turn }, () => {
    let best = 0;
    for (let i = 0; i < weights.length; i++) {
      current[i]! += weights[i]!;
      if (current[i]! > current[best]!) best = i;
    }
    current[best]! -= turn;
    return usable[best]!;
  });
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
