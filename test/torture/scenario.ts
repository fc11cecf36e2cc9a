/** What a scenario is: something is broken on purpose while traffic flows, and rows say what that cost. Read by `main.ts` and by each scenario. */
import type { Stage } from './stage.ts';

/** `quick` fits into CI: all scenarios together within 100 s. `full` is the figure, all together within 10 minutes. */
export type Scale = 'quick' | 'full';

export interface Scenario {
  /** What SCENARIO= calls it, lower case with hyphens. */
  readonly name: string;
  /** One line for people: what is broken, under what. */
  readonly title: string;
  /** Lines of the gateway's log, of level error, that it provokes. Any other misses the bar: a thread died or hung, or there is a bug. */
  readonly expects?: RegExp;
  /** Stops by itself. What it started through `stage` is ended for it; all else it ends before it returns. */
  readonly run: (stage: Stage, scale: Scale) => Promise<readonly Row[]>;
}

/** One line of the table. A scenario with several forms returns one for each. */
export interface Row {
  /** Which form: `graceful`; left out where there is only one. */
  readonly part?: string;
  /** Requests (or handshakes, edits, starts: what the scenario counts). */
  readonly sent: number;
  /** Of these: what a correct proxy would have saved and this one did not. The bar is 0. */
  readonly failed: number;
  /** Of these: what no proxy can save; each scenario's file says which and why. Left out: none. */
  readonly unsavable?: number;
  /** Of what was answered, in milliseconds; null where nothing was timed. */
  readonly p99Millis: number | null;
  /** From the end of the fault until all is as before, in milliseconds; null where nothing had to recover. */
  readonly recoverMillis: number | null;
  /** Every other bar of correctness that was missed, in words with its figures. Empty: none. */
  readonly missed: readonly string[];
  /** Figures worth a look that no bar judges: `1,000 edits, last live after 61 ms`. */
  readonly notes: string;
}

/** Whether every bar of correctness held. A time is never a bar. */
export function passed(row: Row): boolean {
  return row.failed === 0 && row.missed.length === 0;
}
