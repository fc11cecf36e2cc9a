/** Runs a task once things are quiet, but never later than a maximum after the first trigger. Used by the controller. */
import type { Clock } from './clock.ts';

export interface Debounce {
  /** Something changed. */
  trigger(): void;
  close(): void;
}

export interface DebounceOptions {
  /** ms without a trigger before the task runs. */
  readonly quiet: number;
  /** ms after the first trigger at which it runs in any case: a storm of edits must not postpone it for ever. */
  readonly max: number;
  readonly clock: Clock;
}

export function createDebounce(options: DebounceOptions, task: () => void): Debounce {
  const { quiet, max, clock } = options;
  let cancel: (() => void) | undefined;
  let first = 0;
  let last = 0;
  let closed = false;

  // One timer per burst, moved on when it fires: a trigger costs no timer of its own.
  const wait = () => {
    const due = Math.min(last + quiet, first + max) - clock.now();
    if (due > 0) {
      cancel = clock.after(due, wait);
      return;
    }
    cancel = undefined;
    task();
  };

  return {
    trigger() {
      if (closed) return;
      last = clock.now();
      if (cancel !== undefined) return;
      first = last;
      cancel = clock.after(Math.min(quiet, max), wait);
    },
    close() {
      closed = true;
      cancel?.();
      cancel = undefined;
    },
  };
}
