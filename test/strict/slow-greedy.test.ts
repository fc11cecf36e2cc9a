/** Greedy clients get what the limits say, take bounded memory, and nobody else notices. With more of them: `slow-main.ts`. */
import { expect, test } from '@jest/globals';
import { greedyNames, runGreedy } from './slow-greedy.ts';

test.each(greedyNames)(
  '%s: bounded, and no legitimate request fails',
  async (name) => {
    const { seen, kept, bytes, mostBytes, failures } = await runGreedy(name, 1);
    expect({ seen, kept }).toEqual({ seen, kept: true });
    expect(bytes).toBeLessThan(mostBytes);
    expect(failures).toEqual([]);
  },
  60_000,
);
