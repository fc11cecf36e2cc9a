/** Where connections to backends wait while the process has no descriptor for them: requests of clients that stand are late then, not lost. */
import type { Descriptors } from '../proxy/descriptors.ts';
import { TimerEntry, type Timers } from '../proxy/timers.ts';

const RetryMs = 10;

/** There was no room in time; or what it was for has been served on another connection. */
export type GaveUp = 'overloaded' | 'unwanted';

interface Waiting {
  /** Monotonic ms. */
  readonly until: number;
  readonly go: (leftMs: number) => void;
  readonly giveUp: (why: GaveUp) => void;
  readonly wanted: () => boolean;
}

const always = (): boolean => true;

export class DescriptorGate extends TimerEntry {
  readonly #descriptors: Descriptors;
  readonly #timers: Timers;
  readonly #onWait: () => void;
  readonly #onShort: () => void;
  #waiting: Waiting[] = [];

  /** @param onWait told of each connection that has to wait @param onShort told again and again while one waits */
  constructor(descriptors: Descriptors, timers: Timers, onWait: () => void, onShort: () => void) {
    super();
    this.#descriptors = descriptors;
    this.#timers = timers;
    this.#onWait = onWait;
    this.#onShort = onShort;
  }

  /** Calls `go` at once if there is room, else as soon as there is, in order; `giveUp` if there was none for `ms`, or it is `wanted` no more. */
  pass(ms: number, go: Waiting['go'], giveUp: Waiting['giveUp'], wanted: Waiting['wanted'] = always): void {
    if (this.#waiting.length === 0 && this.#descriptors.haveBackendRoom()) {
      go(ms);
      return;
    }
    this.wait(ms, go, giveUp, wanted);
  }

  /** The same, but at the earliest a moment later: for who was told that there is room, and found none. */
  wait(ms: number, go: Waiting['go'], giveUp: Waiting['giveUp'], wanted: Waiting['wanted'] = always): void {
    this.#onWait();
    this.#waiting.push({ until: this.#timers.now() + ms, go, giveUp, wanted });
    this.#timers.schedule(this, RetryMs);
  }

  override onTimeout(): void {
    const now = this.#timers.now();
    const before = this.#waiting;
    // What is called below may wait anew.
    this.#waiting = [];
    const left = before.filter(({ until, giveUp, wanted }) => {
      if (!wanted()) giveUp('unwanted');
      else if (until <= now) giveUp('overloaded');
      else return true;
      return false;
    });
    // Asked again for each: what `go` opens counts from the next look on.
    while (left.length > 0 && this.#descriptors.haveBackendRoom()) {
      const { until, go } = left.shift()!;
      go(until - now);
    }
    this.#waiting = [...left, ...this.#waiting];
    if (this.#waiting.length === 0) return;
    this.#onShort();
    this.#timers.schedule(this, RetryMs);
  }
}
