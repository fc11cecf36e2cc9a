/** A minute of the fuzzer on every change; `make fuzz` is the long run of the same code. */
import { afterAll, expect, test } from '@jest/globals';
import { type Nginx, startNginx } from './nginx.ts';
import type { Outcome } from './part.ts';
import { parts } from './parts.ts';

/** Of all parts together, at most: a slower machine tries less. */
const Seconds = 50;
/** Enough for each part to have met everything its grammar knows. */
const Count = 60_000;
const seed = 1_012;

let nginx: Nginx | null | undefined;

async function run(name: string): Promise<Outcome> {
  const part = parts.find((each) => each.name === name)!;
  if (nginx === undefined) {
    nginx = await startNginx(false);
    if (nginx === null) console.warn('nginx is not there: what it would read was NOT RUN');
  }
  const deadline = performance.now() + 1_000 * Seconds * part.time;
  const outcome = await part.run({ seed, count: Math.ceil(Count * part.inputs), deadline, progress() {} }, nginx);
  await outcome.close?.();
  return outcome;
}

afterAll(async () => {
  await nginx?.close();
});

test.each(parts.map(({ name }) => name))(
  '%s: nothing is read, forwarded or translated wrongly',
  async (name) => {
    const { inputs, failures } = await run(name);
    expect(inputs).toBeGreaterThan(0);
    expect(failures.map(({ index, what, input }) => ({ seed, index, what, input }))).toEqual([]);
  },
  120_000,
);
