/** Watches that do not last, and when the reflector rests. What it makes of good ones is tested with `source/kube.ts`. */
import { expect, test } from '@jest/globals';
import { FakeClock } from '../store/clock.testing.ts';
import { MemoryApiServer } from '../testkit/apiserver.ts';
import { knownCollections } from '../testkit/apiserver-kinds.ts';
import { KubeError } from './api.ts';
import { reflect } from './reflector.ts';

const path = '/api/v1/services';
const service = (name: string) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'shop' } });

async function settled(): Promise<void> {
  for (let i = 0; i < 100; i++) await Promise.resolve();
}

function setUp(options: { readonly forbiddenGrace?: number } = {}) {
  const api = new MemoryApiServer(knownCollections());
  const clock = new FakeClock();
  const life = new AbortController();
  const told: string[] = [];
  void reflect(
    {
      api,
      path: async () => path,
      clock,
      random: () => 1,
      ...options,
      sink: {
        replace: (raws, state) => void told.push(`${state} ${raws.length}`),
        upsert: () => void told.push('upsert'),
        remove: () => void told.push('remove'),
        failed: (error, delay) => void told.push(`${error.message}; again in ${delay} ms`),
        settled: () => void told.push('settled'),
      },
    },
    life.signal,
  );
  const count = (verb: string) => api.requests.filter((each) => each === `${verb} ${path}`).length;
  const pass = async (ms: number) => {
    for (let t = 0; t < ms; t += 100) {
      await settled();
      clock.advance(100);
    }
    await settled();
  };
  return { api, clock, life, told, count, pass };
}

/** As a proxy does that ends each answer at once. */
function endAtOnce(api: MemoryApiServer): () => void {
  const watch = api.watch.bind(api);
  api.watch = async function* (request) {
    api.requests.push(`WATCH ${request.path}`);
    yield* [];
  };
  return () => {
    api.watch = watch;
  };
}

test('watches that end at once are asked for less and less, and say so', async () => {
  const { api, told, count, pass, life } = setUp();
  endAtOnce(api);
  await pass(60_000);
  // Two at once, then 1, 2, 4 and again and again 5 s apart.
  expect(count('WATCH')).toBe(15);
  expect(count('GET')).toBe(1);
  const ended = 'the watch was ended after 0 ms, as the ones before; again in';
  expect(told).toEqual(['listed 0', `${ended} 1000 ms`, `${ended} 4000 ms`, `${ended} 5000 ms`]);
  life.abort();
});

test('a watch that lasts ends the streak: the next end is followed at once', async () => {
  const { api, told, count, pass, life } = setUp();
  const stop = endAtOnce(api);
  await pass(3_000);
  stop();
  await pass(20_000);
  expect(told.at(-1)).toBe('settled');
  const before = count('WATCH');
  api.disconnect();
  await settled();
  expect(count('WATCH')).toBe(before + 1);
  await api.apply(service('orders'));
  await settled();
  expect(told.at(-1)).toBe('upsert');
  life.abort();
});

test('watches that end after each event are paced, too, and lose nothing', async () => {
  const { api, told, count, pass, life } = setUp();
  const watch = api.watch.bind(api);
  api.watch = async function* (request) {
    for await (const event of watch(request)) {
      yield event;
      return;
    }
  };
  await settled();
  for (let i = 0; i < 10; i++) await api.apply(service(`s${i}`));
  await pass(200);
  expect(count('WATCH')).toBeLessThanOrEqual(3);
  await pass(200_000);
  expect(told.filter((each) => each === 'upsert')).toHaveLength(10);
  life.abort();
});

test('a server whose every watch says that its history is gone is not listed without end', async () => {
  const { api, count, pass, life } = setUp();
  api.fault = ({ query }) =>
    query?.['watch'] === '1' ? new KubeError('too old', { code: 410, reason: 'Expired' }) : undefined;
  await pass(60_000);
  expect(count('GET')).toBeLessThanOrEqual(8);
  life.abort();
});

test('a first list that is refused counts as forbidden after the grace; one that was listed keeps what it has', async () => {
  const { api, told, pass, life } = setUp({ forbiddenGrace: 10_000 });
  api.fault = () => new KubeError('forbidden', { code: 403, reason: 'Forbidden' });
  await pass(7_000);
  expect(told.filter((each) => each.startsWith('forbidden 0'))).toEqual([]);
  api.fault = undefined;
  await pass(20_000);
  expect(told).toContain('listed 0');
  api.fault = () => new KubeError('forbidden', { code: 403, reason: 'Forbidden' });
  api.disconnect();
  await pass(60_000);
  expect(told).not.toContain('forbidden 0');
  life.abort();

  const other = setUp({ forbiddenGrace: 10_000 });
  other.api.fault = () => new KubeError('forbidden', { code: 403, reason: 'Forbidden' });
  await other.pass(20_000);
  expect(other.told).toContain('forbidden 0');
  other.life.abort();
});
