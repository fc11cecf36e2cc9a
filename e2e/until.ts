/** Waits for an effect: in a cluster nothing has happened when a command returns. */
import { setTimeout as sleep } from 'node:timers/promises';

/** @returns the first value that is not undefined or false. @throws after `seconds`, with the last error */
export async function until<T>(
  what: string,
  holds: () => Promise<T | false | undefined> | T | false | undefined,
  seconds = 60,
): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  let last: unknown;
  for (;;) {
    try {
      const value = await holds();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline)
      throw new Error(`in ${seconds} s it did not come true that ${what}`, { cause: last });
    await sleep(100);
  }
}
