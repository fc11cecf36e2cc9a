/** Runs parts of the fuzzer one after the other, within a count and a time. Used by the command and by the slice that CI runs. */
import { startNginx } from './nginx.ts';
import type { Outcome } from './part.ts';
import { type Part, parts } from './parts.ts';

export interface RunOptions {
  readonly seed: number;
  /** Inputs over all parts. */
  readonly count: number;
  readonly seconds: number;
  /** Names; empty for all. */
  readonly only: readonly string[];
  readonly progress: (text: string) => void;
}

export interface RunResult {
  readonly outcomes: readonly Outcome[];
  /** null: there is none, and it was not run. */
  readonly nginx: string | null;
}

/** Throws on an unknown part. @param after what is to be done while nginx still runs, such as making failures small */
export async function runParts(options: RunOptions, after: (outcome: Outcome) => Promise<void>): Promise<RunResult> {
  const { seed, count, seconds, only, progress } = options;
  const unknown = only.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0)
    throw new RangeError(`no part ${unknown.join(', ')}: ${parts.map(({ name }) => name).join(', ')}`);
  const chosen = parts.filter(({ name }) => only.length === 0 || only.includes(name));
  const nginx = await startNginx(true);
  try {
    const outcomes: Outcome[] = [];
    for (const part of chosen) {
      const share = (of: (part: Part) => number): number => of(part) / chosen.reduce((sum, each) => sum + of(each), 0);
      const planned = Math.ceil(count * share(({ inputs }) => inputs));
      const outcome = await part.run(
        {
          seed,
          count: planned,
          deadline: performance.now() + 1_000 * seconds * share(({ time }) => time),
          progress: (text) => progress(`${part.name}: ${text}`),
        },
        nginx,
      );
      await after(outcome);
      await outcome.close?.();
      outcomes.push({ ...outcome, planned });
    }
    return { outcomes, nginx: nginx?.version ?? null };
  } finally {
    await nginx?.close();
  }
}
