/** Runs chains of phases for one exchange, one chain at a time. What follows runs at once, unless a phase returned a promise. */
import type { Exchange, Phase } from '../policy/runtime.ts';

/** What runs behind a chain. */
export const Act = 0;
export const Send = 1;
export const WriteUpstream = 2;
export const WriteLocal = 3;
export type Next = typeof Act | typeof Send | typeof WriteUpstream | typeof WriteLocal;

export interface PhaseOwner extends Exchange {
  /** Whether a request phase has given the answer: the phases behind it do not run. */
  readonly answered: boolean;
  continue(next: Next): void;
  /** A phase waits before `next`. */
  onWait(next: Next): void;
  /** It does so no more, and everything that followed has run. */
  onWaited(): void;
  fault(error: unknown): void;
}

export class Phases {
  readonly #owner: PhaseOwner;
  /** Promises of filters that are out; each must find this exchange, or nothing. */
  waits = 0;
  #run = 0;

  constructor(owner: PhaseOwner) {
    this.#owner = owner;
  }

  /** A filter that is still thinking is not waited for any more. */
  abandon(): void {
    this.#run++;
  }

  /** @param phases null for none @param from index of the first that runs */
  run(phases: readonly Phase[] | null, from: number, next: Next): void {
    const owner = this.#owner;
    if (phases !== null) {
      for (let i = from; i < phases.length; i++) {
        const promise = phases[i]!(owner);
        if (promise !== undefined) {
          this.#wait(promise, phases, i + 1, next);
          return;
        }
        if (next <= Send && owner.answered) break;
      }
    }
    owner.continue(next);
  }

  #wait(promise: Promise<void>, phases: readonly Phase[], from: number, next: Next): void {
    const owner = this.#owner;
    const run = this.#run;
    owner.onWait(next);
    this.waits++;
    const resume = (error: unknown, failed: boolean): void => {
      this.waits--;
      if (run !== this.#run) return;
      try {
        if (failed) owner.fault(error);
        else if (next <= Send && owner.answered) owner.continue(next);
        else this.run(phases, from, next);
        owner.onWaited();
      } catch (thrown) {
        owner.fault(thrown);
      }
    };
    promise.then(
      () => resume(null, false),
      (error: unknown) => resume(error, true),
    );
  }
}
