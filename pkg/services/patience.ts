/**
 * How long one asker waits. Most answers, such as those of Redis, never look at the signal, which costs more than the question: it is made
 * when it is asked for.
 */
import type { Feed } from '../policy/feeds.ts';
import type { Clock } from '../store/clock.ts';
import type { Asking, RunningFeed } from './feed.ts';

export interface PatienceOptions {
  readonly timeout: number;
  /** Of the same worker, to be aborted when that ends. */
  readonly waiting: Set<AbortController>;
  readonly running: (feed: Feed) => RunningFeed | undefined;
  readonly clock: Clock;
}

export class Patience implements Asking {
  readonly #options: PatienceOptions;
  #controller: AbortController | null = null;
  #cancel: (() => void) | null = null;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  get timeout(): number {
    return this.#options.timeout;
  }

  get running(): PatienceOptions['running'] {
    return this.#options.running;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      const controller = new AbortController();
      this.#controller = controller;
      this.#options.waiting.add(controller);
      this.#cancel = this.#options.clock.after(this.timeout, () => controller.abort());
    }
    return this.#controller.signal;
  }

  /** The answer is there. */
  end(): void {
    this.#cancel?.();
    if (this.#controller !== null) this.#options.waiting.delete(this.#controller);
  }
}
