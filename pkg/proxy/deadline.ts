/** A timer entry that calls a function: for what has several timers of its own. */
import { TimerEntry } from './timers.ts';

export class Deadline extends TimerEntry {
  readonly #act: () => void;

  constructor(act: () => void) {
    super();
    this.#act = act;
  }

  override onTimeout(): void {
    this.#act();
  }
}
