/** Waits for a condition of another process, with an end: a scenario stops by itself. */
import { setTimeout } from 'node:timers/promises';

/**
 * @param what for the error when it has not come true in time
 * @returns the first value that is neither false, empty nor undefined
 */
export async function within<T>(
  seconds: number,
  what: string,
  condition: () => T | Promise<T>,
): Promise<Exclude<T, false | '' | undefined>> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value !== false && value !== '' && value !== undefined) return value as Exclude<T, false | '' | undefined>;
    if (performance.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await setTimeout(10);
  }
}
