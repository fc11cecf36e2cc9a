/** Runs chains of phases for one exchange, one chain at a time. What follows runs at once, unless a phase returned a promise. */
import type { Phase } from '../policy/runtime.ts';
import type { ActiveExchange } from './exchange.ts';

/** What runs behind a chain. */
export const Act = 0;
export const Send = 1;
export const WriteUpstream = 2;
export const WriteLocal = 3;
export type Next = typeof Act | typeof Send | typeof WriteUpstream | typeof WriteLocal;

export class Phases {
  readonly #exchange: ActiveExchange;
  /** Promises of filters that are out; each must find this exchange, or nothing. */
  waits = 0;
  /** The chain that runs, and the place in it; -1 if none does. */
  chain: readonly Phase[] | null = null;
  at = -1;
  #run = 0;
  /** null until a filter asks for its signal. */
  #controller: AbortController | null = null;

  constructor(exchange: ActiveExchange) {
    this.#exchange = exchange;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  /** A filter that is still thinking is not waited for any more. */
  abandon(): void {
    this.#run++;
    this.at = -1;
    if (this.#controller === null) return;
    this.#controller.abort();
    this.#controller = null;
  }

  /** @param phases null for none @param from index of the first that runs */
  run(phases: readonly Phase[] | null, from: number, next: Next): void {
    const exchange = this.#exchange;
    if (phases !== null) {
      this.chain = phases;
      for (let i = from; i < phases.length; i++) {
        this.at = i;
        const promise = phases[i]!(exchange);
        if (promise !== undefined) {
          this.#wait(promise, phases, i + 1, next);
          return;
        }
        if (next <= Send && exchange.answered) break;
      }
      this.at = -1;
    }
    exchange.continue(next);
  }

  #wait(promise: Promise<void>, phases: readonly Phase[], from: number, next: Next): void {
    const exchange = this.#exchange;
    const run = this.#run;
    if (next === WriteUpstream) exchange.response.keep();
    this.waits++;
    const resume = (error: unknown, failed: boolean): void => {
      this.waits--;
      if (run !== this.#run) return;
      try {
        if (failed) exchange.fault(error);
        else this.run(phases, next <= Send && exchange.answered ? phases.length : from, next);
        exchange.forward.flush();
      } catch (thrown) {
        exchange.fault(thrown);
      }
    };
    promise.then(
      () => resume(null, false),
      (error: unknown) => resume(error, true),
    );
  }
}
