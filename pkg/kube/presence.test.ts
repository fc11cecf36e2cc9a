/** A server that was away: whoever waits for it asks again as soon as somebody else has an answer. */
import { expect, test } from '@jest/globals';
import { FakeClock } from '../store/clock.testing.ts';
import { MemoryApiServer } from '../testkit/apiserver.ts';
import { knownCollections } from '../testkit/apiserver-kinds.ts';
import { KubeError } from './api.ts';
import { Presence } from './presence.ts';
import { reflect } from './reflector.ts';

async function settled(): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve();
}

function setUp(error: KubeError) {
  const server = new MemoryApiServer(knownCollections());
  const presence = new Presence();
  const api = Object.assign(server, { onReturn: (listener: () => void) => presence.onReturn(listener) });
  const clock = new FakeClock();
  const life = new AbortController();
  const listed: number[] = [];
  const delays: number[] = [];
  api.fault = () => error;
  const done = reflect(
    {
      api,
      clock,
      random: () => 0.5,
      path: async () => '/api/v1/services',
      sink: {
        replace: () => listed.push(clock.now()),
        upsert: () => {},
        remove: () => {},
        failed: (_error, delay) => delays.push(delay),
      },
    },
    life.signal,
  );
  /** Until the delay has grown to its most. */
  const away = async () => {
    for (let i = 0; i < 30; i++) {
      await settled();
      clock.advance(10_000);
    }
    await settled();
    expect(delays.at(-1)).toBe(22_500);
  };
  const end = async () => {
    life.abort();
    await done;
  };
  return { api, presence, clock, listed, delays, away, end };
}

test('a reflector lists within a second of the return, and is patient anew when it is refused then', async () => {
  const { api, presence, clock, listed, delays, away, end } = setUp(new KubeError('connect ECONNREFUSED', { code: 0 }));
  await away();
  api.fault = () => new KubeError('forbidden', { code: 403, reason: 'Forbidden' });
  presence.lost();
  presence.answered();
  await settled();
  clock.advance(1_000);
  await settled();
  expect(delays.at(-1)).toBe(375);
  api.fault = undefined;
  const before = clock.now();
  clock.advance(375);
  await settled();
  expect(listed.at(-1)).toBe(before + 375);
  await end();
});

test('one that was given an answer, though a bad one, keeps its pace', async () => {
  const { presence, clock, delays, away, end } = setUp(new KubeError('broken', { code: 500 }));
  await away();
  const tries = delays.length;
  presence.lost();
  presence.answered();
  await settled();
  clock.advance(1_000);
  await settled();
  expect(delays).toHaveLength(tries);
  await end();
});
