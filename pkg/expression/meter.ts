/** What one evaluation works on, and what it may still cost. */
import type { Exchange } from '../policy/runtime.ts';
import { BudgetFailure } from './failure.ts';

/**
 * Instructions of one evaluation. One is a node of a loop's body, an element that is looked at, or some tens of characters:
 * below 100 ns each, so that no expression holds a worker for more than about two milliseconds.
 */
export const Budget = 20_000;

/** One for each compiled expression, used again: an evaluation never waits and never calls another. */
export class Meter {
  exchange!: Exchange;
  /** The JSON of the variable `body`. */
  body: unknown;
  /** Variables of the loops that are running, by depth. */
  readonly locals: unknown[] = [];
  #left = 0;

  begin(exchange: Exchange, body: unknown): void {
    this.exchange = exchange;
    this.body = body;
    this.#left = Budget;
  }

  /** Nothing of the exchange outlives the evaluation. */
  end(): void {
    this.exchange = undefined as never;
    this.body = undefined;
    this.locals.length = 0;
  }

  charge(instructions: number): void {
    this.#left -= instructions;
    if (this.#left < 0) throw new BudgetFailure(`the expression needs more than ${Budget} instructions`);
  }
}
