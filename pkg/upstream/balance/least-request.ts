/** Least request: the endpoint with the fewest requests for its weight; of two drawn at random when there are many, which is nearly as good as of all. */
import type { Balancer, Candidate } from './balancer.ts';

/** Up to this many are all looked at. */
const FullScan = 8;

export class LeastRequest<T extends Candidate> implements Balancer<T> {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  pick(candidates: readonly T[], avoid: string): T {
    const count = candidates.length;
    const start = Math.floor(this.#random() * count);
    if (count <= FullScan) {
      let best: T | null = null;
      // From a random place on: equals are served in no fixed order.
      for (let i = 0; i < count; i++) {
        const each = candidates[(start + i) % count]!;
        if (each.name !== avoid && (best === null || cost(each) < cost(best))) best = each;
      }
      return best ?? candidates[start]!;
    }
    const a = candidates[start]!;
    const b = candidates[(start + 1 + Math.floor(this.#random() * (count - 1))) % count]!;
    if (a.name === avoid) return b;
    if (b.name === avoid) return a;
    return cost(b) < cost(a) ? b : a;
  }
}

function cost(candidate: Candidate): number {
  return (candidate.load + 1) / Math.max(candidate.weight, 0.001);
}
