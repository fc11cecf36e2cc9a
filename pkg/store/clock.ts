/** Time as an argument: what settles, debounces and expires takes a Clock, so that tests decide what time it is. */
export interface Clock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Runs `task` once after `delay` ms; the result cancels it. */
  after(delay: number, task: () => void): () => void;
}

/** The real one. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delay, task) => {
    const timer = setTimeout(task, delay).unref();
    return () => clearTimeout(timer);
  },
};
