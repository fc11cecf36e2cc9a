/** What the parts of the fuzzer have in common: how far to go, and what they found. */

export interface Plan {
  readonly seed: number;
  readonly count: number;
  /** On `performance.now()`'s clock: no new input is begun behind it. */
  readonly deadline: number;
  /** Called now and then. */
  readonly progress: (text: string) => void;
}

export interface Failure {
  readonly part: string;
  readonly index: number;
  readonly what: string;
  /** Latin-1 bytes, or an object as JSON. */
  readonly input: string;
  /** Whether a smaller input still fails, and how; null if it does not. */
  readonly check: (input: string) => Promise<string | null>;
}

export interface Outcome {
  readonly part: string;
  readonly inputs: number;
  /** What was asked for, once the run is over: more where its time or its failures ended it. */
  readonly planned?: number;
  readonly seconds: number;
  /** Label and number, in the order to print. */
  readonly counts: readonly (readonly [label: string, count: number | string])[];
  /** What an oracle alone refuses, and why that is right. */
  readonly refusals: readonly (readonly [oracle: string, reason: string, count: number])[];
  readonly failures: readonly Failure[];
  /** What `check` of the failures still needed. */
  readonly close?: () => Promise<void>;
}

/** More are not looked at: the first few tell. */
export const MaxFailures = 20;

/** Counts by name. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Most frequent first. */
  entries(): readonly (readonly [name: string, count: number])[] {
    return [...this.#counts].sort(([, a], [, b]) => b - a);
  }
}
