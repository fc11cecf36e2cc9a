/** Where connections to backends wait while the process has no descriptor for them: requests of clients that stand are late then, not lost. */
import type { Descriptors } from '../proxy/descriptors.ts';
import { TimerEntry, type Timers } from '../proxy/timers.ts';

const RetryMs = 10;

interface Waiting {
  /** Monotonic ms. */
  readonly until: number;
  readonly go: (leftMs: number) => void;
  readonly giveUp: () => void;
}

export class DescriptorGate extends TimerEntry {
  readonly #descriptors: Descriptors;
  readonly #timers: Timers;
  readonly #onWait: () => void;
  #waiting: Waiting[] = [];

  /** @param onWait told of each connection that has to wait */
  constructor(descriptors: Descriptors, timers: Timers, onWait: () => void) {
    super();
    this.#descriptors = descriptors;
    this.#timers = timers;
    this.#onWait = onWait;
  }

  /** Calls `go` at once if there is room, else as soon as there is, in order; `giveUp` if there was none for `ms`. */
  pass(ms: number, go: (leftMs: number) => void, giveUp: () => void): void {
    if (this.#waiting.length === 0 && this.#descriptors.haveBackendRoom()) {
      go(ms);
      return;
    }
    this.#onWait();
    this.#waiting.push({ until: this.#timers.now() + ms, go, giveUp });
    this.#timers.schedule(this, RetryMs);
  }

  override onTimeout(): void {
    const now = this.#timers.now();
    const overdue = this.#waiting.filter(({ until }) => until <= now);
    if (overdue.length > 0) this.#waiting = this.#waiting.filter(({ until }) => until > now);
    for (const { giveUp } of overdue) giveUp();
    // One at a time and asked again for each: what `go` opens counts from the next look on.
    while (this.#waiting.length > 0 && this.#descriptors.haveBackendRoom()) {
      const { until, go } = this.#waiting.shift()!;
      go(until - now);
    }
    if (this.#waiting.length > 0) this.#timers.schedule(this, RetryMs);
  }
}
