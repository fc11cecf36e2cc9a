/** Leases of pods: who counts as ready, for how long, and who is behind. */
import { expect, test } from '@jest/globals';
import { FakeClock } from '../store/clock.testing.ts';
import { MemoryApiServer } from '../testkit/apiserver.ts';
import { knownCollections } from '../testkit/apiserver-kinds.ts';
import { type KubeApi, KubeError } from './api.ts';
import type { Pod } from './pod-lease.ts';
import { followPods } from './pods.ts';

const KEY = 'coordination.k8s.io/v1/leases';

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
  const join = (name: string, api: KubeApi = server, instance = 'suuupra') => {
    const self: Pod = { namespace: 'system', name, ips: [`10.0.0.${name.length}`], node: 'node1' };
    const now = () => new Date(Date.UTC(2026, 10, 25) + clock.now());
    return followPods({ api, self, instance, clock, random: () => 0.5, now, onError: () => {} });
  };
  const names = (pods: { list(): readonly Pod[] }) => pods.list().map(({ name }) => name);
  return { server, clock, pass, join, names };
}

/** A line to the server that a test can cut. */
function lineTo(server: KubeApi) {
  const line = { away: false };
  const api: KubeApi = {
    async send(request) {
      if (line.away) throw new KubeError('no route to host', { code: 0 });
      return server.send(request);
    },
    watch: (request) => server.watch(request),
    close: async () => {},
  };
  return { line, api };
}

test('pods see each other while they are ready, and not when they leave', async () => {
  const { join, pass, names } = setUp();
  const one = join('a');
  const two = join('bb');
  let told = 0;
  one.onChange(() => told++);
  await pass(2_000);
  expect(one.list()).toEqual([]);
  one.setReady(true);
  two.setReady(true);
  await pass(2_000);
  expect(names(one)).toEqual(['a', 'bb']);
  expect(one.list()[1]).toEqual({ namespace: 'system', name: 'bb', ips: ['10.0.0.2'], node: 'node1' });
  two.setReady(false);
  await pass(1_500);
  expect(names(one)).toEqual(['a']);
  two.setReady(true);
  await pass(1_500);
  await two.close();
  await settled();
  expect(names(one)).toEqual(['a']);
  expect(told).toBeGreaterThan(3);
  await one.close();
});

test('a pod that is silent for 15 s is gone, and back when it speaks', async () => {
  const { server, join, pass, names } = setUp();
  const { line, api } = lineTo(server);
  const one = join('a');
  const two = join('bb', api);
  one.setReady(true);
  two.setReady(true);
  await pass(6_000);
  line.away = true;
  await pass(9_000);
  expect(one.list()).toHaveLength(2);
  await pass(9_000);
  expect(names(one)).toEqual(['a']);
  line.away = false;
  await pass(6_000);
  expect(one.list()).toHaveLength(2);
  await one.close();
  await two.close();
});

test('an outage of the API server takes nobody away, not even when it ends', async () => {
  const { server, join, pass, names } = setUp();
  const one = join('a');
  const two = join('bb');
  const counts: number[] = [];
  one.setReady(true);
  two.setReady(true);
  await pass(6_000);
  one.onChange(() => counts.push(one.list().length));
  server.fault = () => new KubeError('down', { code: 0 });
  server.disconnect();
  await pass(600_000);
  expect(names(one)).toEqual(['a', 'bb']);
  server.fault = undefined;
  await pass(60_000);
  expect(names(one)).toEqual(['a', 'bb']);
  expect(counts).toEqual([]);
  await one.close();
  await two.close();
});

test('pods of another installation in the namespace are nobody, one of an older version without a name is', async () => {
  const { server, join, pass, names } = setUp();
  const one = join('a');
  const other = join('bb', server, 'another');
  for (const pods of [one, other]) pods.setReady(true);
  await server.apply({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: 'older',
      namespace: 'system',
      labels: { 'gateway.suuupra.io/component': 'pod' },
      annotations: { 'gateway.suuupra.io/ready': 'true', 'gateway.suuupra.io/pod-ip': '10.0.0.99' },
    },
    spec: { renewTime: '2026-11-25T00:00:00.000000Z' },
  });
  await pass(3_000);
  expect(names(one)).toEqual(['a', 'older']);
  expect(names(other)).toEqual(['bb', 'older']);
  expect(one.behind({ HTTPRoute: '7' })).toEqual(['older']);
  // Nor does one tidy up after the other.
  await other.close();
  await pass(700_000);
  expect(server.list(KEY).map(({ metadata }) => metadata.name)).toEqual(['a']);
  await one.close();
});

test('the Lease of a pod that crashed long ago gets no traffic, and is deleted some day', async () => {
  const { server, join, pass, names } = setUp();
  await server.apply({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: 'dead',
      namespace: 'system',
      labels: { 'gateway.suuupra.io/component': 'pod' },
      annotations: { 'gateway.suuupra.io/ready': 'true', 'gateway.suuupra.io/pod-ip': '10.0.0.99' },
    },
    spec: { renewTime: '2026-11-24T23:00:00.000000Z' },
  });
  const one = join('a');
  one.setReady(true);
  await pass(20_000);
  expect(names(one)).toEqual(['a']);
  expect(server.list(KEY)).toHaveLength(2);
  await pass(610_000);
  expect(server.list(KEY).map(({ metadata }) => metadata.name)).toEqual(['a']);
  await one.close();
});

test('whoever has not acknowledged is behind, and only of those that take traffic', async () => {
  const { join, pass } = setUp();
  const one = join('a');
  const two = join('bb');
  const starting = join('ccc');
  let progress = 0;
  one.setReady(true);
  two.setReady(true);
  await pass(2_000);
  one.onProgress(() => progress++);
  one.acknowledge({ HTTPRoute: '120' });
  two.acknowledge({ HTTPRoute: '99', Gateway: '7' });
  await pass(1_500);
  expect(one.behind({ HTTPRoute: '100' })).toEqual(['bb']);
  expect(two.behind({ HTTPRoute: '100' })).toEqual([]);
  two.acknowledge({ HTTPRoute: '100', Gateway: '7' });
  await pass(1_500);
  expect(one.behind({ HTTPRoute: '100', Gateway: '7' })).toEqual([]);
  expect(one.behind({ Service: '5' })).toEqual(['bb']);
  expect(progress).toBeGreaterThan(1);
  for (const each of [one, two, starting]) await each.close();
});

test('a Lease is written at most once a second, and at least every six', async () => {
  const { server, join, pass } = setUp();
  const one = join('a');
  const writes = () => server.requests.filter((request) => request.startsWith('PATCH')).length;
  await pass(10_000);
  const before = writes();
  for (let i = 0; i < 40; i++) {
    one.acknowledge({ HTTPRoute: String(i) });
    await pass(500);
  }
  expect(writes() - before).toBeLessThanOrEqual(21);
  const busy = writes();
  await pass(60_000);
  expect(writes() - busy).toBeGreaterThanOrEqual(10);
  expect(writes() - busy).toBeLessThanOrEqual(14);
  await one.close();
});
