/** A clock that tests turn by hand. */
import type { Clock } from './clock.ts';

export class FakeClock implements Clock {
  private time = 0;
  private tasks: { readonly at: number; readonly task: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(delay: number, task: () => void): () => void {
    const entry = { at: this.time + delay, task };
    this.tasks.push(entry);
    return () => {
      this.tasks = this.tasks.filter((other) => other !== entry);
    };
  }

  /** Runs everything that is due on the way, in order. */
  advance(by: number): void {
    const end = this.time + by;
    for (;;) {
      const next = this.tasks.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.tasks = this.tasks.filter((other) => other !== next);
      this.time = Math.max(this.time, next.at);
      next.task();
    }
    this.time = end;
  }

  get waiting(): number {
    return this.tasks.length;
  }
}
