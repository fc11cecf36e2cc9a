/** What can be measured. One file each beside this one; main.ts runs them in the order of all.ts. */
import type { Origin } from '../origin.ts';
import type { Machine, Result } from '../result.ts';
import type { Settings } from '../settings.ts';
import type { Site } from '../site.ts';
import type { Running } from '../targets/target.ts';
import type { Tools } from '../tools.ts';

export interface Bench {
  readonly settings: Settings;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly cores: { readonly load: number; readonly proxy: number };
  readonly tools: Tools;
  readonly origin: Origin;
  readonly site: Site;
  /** Scratch, removed at the end. */
  readonly directory: string;
  /**
   * A target that stays up until the end and is shared by the scenarios.
   * @returns null if it is not to be had, or TARGETS leaves it out
   */
  shared(name: string): Promise<Running | null>;
  /** What the check of a shared target found: counts as errors. */
  faults(name: string): number;
  /** One of its own for a scenario that needs a fresh process or another site; the scenario stops it. */
  fresh(name: string, site?: Site): Promise<Running | null>;
  print(line: string): void;
}

export interface Scenario {
  readonly name: string;
  /** One sentence for the heading. */
  readonly about: string;
  /** One result for each file that is written. */
  run(bench: Bench): Promise<readonly Result[]>;
}
