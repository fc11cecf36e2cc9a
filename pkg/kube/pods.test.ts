/** Leases of pods: who counts as ready, and for how long. */
import { expect, test } from '@jest/globals';
import { FakeClock } from '../store/clock.testing.ts';
import { knownCollections } from '../testkit/apiserver-kinds.ts';
import { MemoryApiServer } from '../testkit/apiserver.ts';
import { type KubeApi, KubeError } from './api.ts';
import { followPods, type Pod } from './pods.ts';

async function settled(): Promise<void> {
  for (let i = 0; i < 100; i++) await Promise.resolve();
}

function setUp() {
  const server = new MemoryApiServer(knownCollections());
  const clock = new FakeClock();
  const pass = async (ms: number) => {
    for (let i = 0; i < ms; i += 500) {
      clock.advance(500);
      await settled();
    }
  };
  const join = (name: string, api: KubeApi = server) => {
    const self: Pod = { namespace: 'system', name, ips: [`10.0.0.${name.length}`], node: 'node1' };
    return followPods({ api, self, clock, random: () => 0.5, now: () => new Date(clock.now()), onError: () => {} });
  };
  return { server, clock, pass, join };
}

test('pods see each other while they are ready, and not when they leave', async () => {
  const { join, pass } = setUp();
  const one = join('a');
  const two = join('bb');
  let told = 0;
  one.onChange(() => told++);
  await pass(2_000);
  expect(one.list()).toEqual([]);
  one.setReady(true);
  two.setReady(true);
  await pass(2_000);
  expect(one.list().map(({ name }) => name)).toEqual(['a', 'bb']);
  expect(two.list()).toEqual(one.list());
  two.setReady(false);
  await pass(1_500);
  expect(one.list().map(({ name }) => name)).toEqual(['a']);
  two.setReady(true);
  await pass(1_500);
  await two.close();
  await settled();
  expect(one.list().map(({ name }) => name)).toEqual(['a']);
  expect(told).toBeGreaterThan(3);
  await one.close();
});

test('a pod that is silent for 15 s is gone, and back when it speaks', async () => {
  const { server, join, pass } = setUp();
  let away = false;
  const broken: KubeApi = {
    async send(request) {
      if (away) throw new KubeError('no route to host', { code: 0 });
      return server.send(request);
    },
    watch: (request) => server.watch(request),
    close: async () => {},
  };
  const one = join('a');
  const two = join('bb', broken);
  one.setReady(true);
  two.setReady(true);
  await pass(6_000);
  away = true;
  await pass(9_000);
  expect(one.list()).toHaveLength(2);
  await pass(9_000);
  expect(one.list().map(({ name }) => name)).toEqual(['a']);
  away = false;
  await pass(6_000);
  expect(one.list()).toHaveLength(2);
  await one.close();
  await two.close();
});
