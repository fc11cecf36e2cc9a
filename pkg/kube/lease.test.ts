/** Two pods and one Lease: never two leaders, never long without one. */
import { expect, test } from '@jest/globals';
import { FakeClock } from '../store/clock.testing.ts';
import { MemoryApiServer } from '../testkit/apiserver.ts';
import { knownCollections } from '../testkit/apiserver-kinds.ts';
import { type KubeApi, KubeError } from './api.ts';
import { Election } from './lease.ts';

const KEY = 'coordination.k8s.io/v1/leases';

function setUp() {
  const server = new MemoryApiServer(knownCollections());
  const clock = new FakeClock();
  const elect = (identity: string, api: KubeApi = server) => {
    const changes: string[] = [];
    const election = new Election({
      api,
      namespace: 'gw',
      name: 'leader',
      instance: 'suuupra',
      identity,
      clock,
      random: () => 0.5,
      now: () => new Date(Date.UTC(2026, 10, 25) + clock.now()),
    });
    election.onChange(() => changes.push(`${election.leading() ? 'leads' : 'follows'}@${clock.now()}`));
    election.start();
    return { election, changes };
  };
  /** Turns the clock in small steps, so that answers come in between. */
  const pass = async (ms: number) => {
    for (let t = 0; t < ms; t += 100) {
      clock.advance(100);
      await settle();
    }
  };
  return { server, clock, elect, pass };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve();
}

/** An API that a test can cut off from the server. */
function cable(server: KubeApi) {
  let cut = false;
  const api: KubeApi = {
    send: async (request) => (cut ? Promise.reject(new KubeError('cut', { code: 0 })) : server.send(request)),
    watch: (request) => server.watch(request),
    close: async () => {},
  };
  return { api, cut: () => void (cut = true), mend: () => void (cut = false) };
}

test('the first one leads and goes on leading, the second waits', async () => {
  const { elect, pass, server } = setUp();
  const a = elect('a');
  await settle();
  const b = elect('b');
  await pass(60_000);
  expect([a.changes, b.changes]).toEqual([['leads@0'], []]);
  expect(server.get(KEY, 'gw', 'leader')?.['spec']).toMatchObject({
    holderIdentity: 'a',
    leaseDurationSeconds: 12,
    acquireTime: '2026-11-25T00:00:00.000000Z',
    leaseTransitions: 0,
  });
});

test('a leader that closes is followed within five seconds', async () => {
  const { elect, pass, clock } = setUp();
  const a = elect('a');
  await settle();
  const b = elect('b');
  await pass(7_000);
  await a.election.close();
  expect(a.election.leading()).toBe(false);
  const closed = clock.now();
  await pass(5_000);
  expect(b.election.leading()).toBe(true);
  expect(b.changes).toHaveLength(1);
  expect(Number(b.changes[0]?.split('@')[1]) - closed).toBeLessThanOrEqual(2_500);
});

test('a leader that is cut off stops before the next one begins, which is within 15 seconds', async () => {
  const { elect, pass, clock, server } = setUp();
  const line = cable(server);
  const a = elect('a', line.api);
  await settle();
  const b = elect('b');
  await pass(5_100);
  line.cut();
  const began = clock.now();
  let both = false;
  for (let t = 0; t < 15_000; t += 100) {
    await pass(100);
    both ||= a.election.leading() && b.election.leading();
  }
  expect(both).toBe(false);
  expect(b.election.leading()).toBe(true);
  const stopped = Number(a.changes.at(-1)?.split('@')[1]);
  const started = Number(b.changes[0]?.split('@')[1]);
  expect(started - stopped).toBeGreaterThanOrEqual(4_000);
  expect(started - began).toBeLessThanOrEqual(15_000);
  line.mend();
  await pass(20_000);
  expect([a.election.leading(), b.election.leading()]).toEqual([false, true]);
  expect(server.get(KEY, 'gw', 'leader')?.['spec']).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
});

test('a clock that is hours off takes the Lease no earlier', async () => {
  const { elect, pass, server } = setUp();
  await server.apply({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'leader', namespace: 'gw' },
    spec: { holderIdentity: 'other', leaseDurationSeconds: 12, renewTime: '2020-01-01T00:00:00.000000Z' },
  });
  const a = elect('a');
  await pass(11_900);
  expect(a.election.leading()).toBe(false);
  await pass(2_500);
  expect(a.election.leading()).toBe(true);
});

test('a renewal that was written without an answer costs no leadership', async () => {
  const { elect, pass, server } = setUp();
  let lose = false;
  const api: KubeApi = {
    async send(request) {
      const answer = await server.send(request);
      if (lose && request.method === 'PUT') {
        lose = false;
        throw new KubeError('the connection broke', { code: 0 });
      }
      return answer;
    },
    watch: (request) => server.watch(request),
    close: async () => {},
  };
  const a = elect('a', api);
  await settle();
  await pass(3_000);
  lose = true;
  await pass(20_000);
  expect(a.changes).toEqual(['leads@0']);
});

test('after an outage of the API server somebody leads again, and a deleted Lease is made again', async () => {
  const { elect, pass, server } = setUp();
  const a = elect('a');
  await settle();
  const b = elect('b');
  server.fault = () => new KubeError('down', { code: 503 });
  await pass(60_000);
  expect([a.election.leading(), b.election.leading()]).toEqual([false, false]);
  server.fault = undefined;
  await pass(15_000);
  expect([a.election.leading(), b.election.leading()].filter(Boolean)).toHaveLength(1);
  await server.remove({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'leader', namespace: 'gw' },
  });
  await pass(15_000);
  expect([a.election.leading(), b.election.leading()].filter(Boolean)).toHaveLength(1);
});
