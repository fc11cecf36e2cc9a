/** What a benchmark says: one Result is one file in bench/results. Written by main.ts, read by report.ts. */

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export interface TargetResult {
  /** User and system time of all threads of the whole process tree, divided by the requests. */
  readonly cpuMicrosPerRequest: Spread;
  readonly requestsPerSecond: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** Wrong or missing answers, in all rounds and the warm-up. */
  readonly errors: number;
  /** What else this scenario measured, e.g. `busiestThreadMicrosPerRequest`, `kilobytesPerConnection`. */
  readonly figures?: Readonly<Record<string, number>>;
}

export interface Bar {
  /** `CPU against nginx`, `KB per idle connection` */
  readonly what: string;
  readonly atMost: number;
  readonly goal?: number;
  readonly unit: '×' | 'KB' | 'ms' | 's' | 'MB';
  /** null: not measured, because a target is missing or had errors. */
  readonly measured: number | null;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** GiB. */
  readonly memory: number;
  readonly kernel: string;
  readonly architecture: string;
}

export interface Result {
  readonly scenario: string;
  /** One sentence. */
  readonly about: string;
  readonly machine: Machine;
  /** `nginx: 1.22.1`, for targets and tools. */
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  /** Seconds of one round of one target. */
  readonly seconds: number;
  readonly targets: Readonly<Record<string, TargetResult>>;
  /** `gateway/nginx`: medians of CPU per request. Without targets that had errors. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly bars: readonly Bar[];
  readonly notes: readonly string[];
}

export function isMet({ measured, atMost }: Bar): boolean | null {
  return measured === null ? null : measured <= atMost;
}
