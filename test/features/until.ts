/** Waits for a condition of another process; the time limit of the test ends the wait. Used by the feature tests. */
import { setTimeout } from 'node:timers/promises';

/** @returns the first value that is neither null, undefined nor false; what `condition` throws counts as "not yet" */
export async function until<T>(condition: () => Promise<T | null | undefined | false>): Promise<T> {
  for (;;) {
    const value = await condition().catch(() => null);
    if (value !== null && value !== undefined && value !== false) return value;
    await setTimeout(10);
  }
}
