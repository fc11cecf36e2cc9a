import { describe, expect, test } from '@jest/globals';
import type { Cluster } from '../ir/cluster.ts';
import { Timers } from '../proxy/timers.ts';
import { createHandleTransport } from '../proxy/transport-handle.ts';
import { createOrigin, type Origin, reply } from '../testkit/origin.ts';
import { Receiver, TestRequest } from './attempt.testing.ts';
import { createClusters } from './clusters.ts';
import { clusterOf, LaneBench, noTelemetry } from './lane.testing.ts';

describe('createClusters', () => {
  const bench = new LaneBench('Auto', createHandleTransport);

  const withOrigins = async (count: number, run: (origins: readonly Origin[]) => Promise<void>): Promise<void> => {
    const origins = await Promise.all(Array.from({ length: count }, (_, i) => createOrigin(() => reply(String(i)))));
    await run(origins);
    for (const origin of origins) await origin.close();
  };

  const endpoint = ({ port }: Origin, changes: Partial<Cluster['endpoints'][number]> = {}) => ({
    host: '127.0.0.1',
    port,
    weight: 1,
    terminating: false,
    ...changes,
  });

  const update = (endpoints: Cluster['endpoints'], changes: Partial<Cluster> = {}): void =>
    bench.clusters.update({ c: clusterOf(0, { endpoints, ...changes }) }, {}, {});

  const get = async (avoid = ''): Promise<string> => {
    const receiver = new Receiver();
    receiver.stream = bench.clusters.get('c')!.request(new TestRequest('GET /'), receiver, avoid);
    return (await receiver.over()) === 'end' ? receiver.body : receiver.events.at(-1)!;
  };

  test('endpoints come and go without touching the others', () =>
    withOrigins(3, async (origins) => {
      const [a, b, c] = origins.map((origin) => endpoint(origin));
      update([a!, b!]);
      expect([await get(), await get(), await get()]).toEqual(['0', '1', '0']);
      update([b!, c!]);
      expect(new Set([await get(), await get()])).toEqual(new Set(['1', '2']));
      // What left was idle, and is closed; what stayed kept its connection.
      await origins[0]!.connections[0]!.end();
      expect(origins.map((origin) => origin.connections.length)).toEqual([1, 1, 1]);
    }));

  test('an endpoint that leaves finishes its request', async () => {
    let answer: (bytes: string) => void = () => {};
    const origin = await bench.serve(() => new Promise((resolve) => (answer = resolve)));
    const got = bench.get();
    while (origin.requests.length === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    update([]);
    answer(reply('saved'));
    expect([await got.over(), got.body]).toEqual(['end', 'saved']);
    await origin.connections[0]!.end();
  });

  test.each([
    ['the same again', {}, 1],
    [
      'another balancer and queue',
      { loadBalancer: 'LeastRequest', limits: { maxConnections: 64, maxPendingRequests: 1 } },
      1,
    ],
    ['another connect timeout', { connectTimeout: 77 }, 2],
    ['another lane', { lane: 'Undici' }, 2],
  ] as const)('with %s pools are kept or made anew', (_, changes, connections) =>
    withOrigins(1, async ([origin]) => {
      update([endpoint(origin!)]);
      await get();
      update([endpoint(origin!)], changes);
      await get();
      expect(origin!.connections).toHaveLength(connections);
    }),
  );

  test('terminating endpoints serve only when no other does', () =>
    withOrigins(2, async ([a, b]) => {
      update([endpoint(a!, { terminating: true }), endpoint(b!)]);
      expect([await get(), await get()]).toEqual(['1', '1']);
      update([endpoint(a!, { terminating: true })]);
      expect([await get(), bench.clusters.get('c')!.usable]).toEqual(['0', true]);
    }));

  test('the endpoint that failed is avoided', () =>
    withOrigins(2, async ([a, b]) => {
      update([endpoint(a!), endpoint(b!)]);
      for (let i = 0; i < 4; i++) expect(await get(`127.0.0.1:${a!.port}`)).toBe('1');
    }));

  test('a cluster without endpoints is not usable and says so', async () => {
    update([]);
    expect([bench.clusters.get('c')!.usable, await get()]).toEqual([false, 'failure no-endpoint untouched']);
  });

  test('an endpoint in two slices is one', () =>
    withOrigins(1, async ([origin]) => {
      update([endpoint(origin!), endpoint(origin!)]);
      await get();
      expect(bench.clusters.stats()).toMatchObject([
        {
          id: 'c',
          name: 'shop/orders:8080',
          endpoints: [{ name: `127.0.0.1:${origin!.port}`, open: 1, idle: 1, load: 0 }],
        },
      ]);
    }));

  test('a request that starts on a cluster without endpoints that was held finds none', () =>
    withOrigins(1, async ([origin]) => {
      update([endpoint(origin!)]);
      const held = bench.clusters.get('c')!;
      update([]);
      const receiver = new Receiver();
      receiver.stream = held.request(new TestRequest('GET /'), receiver, '');
      expect(await receiver.over()).toBe('failure no-endpoint untouched');
    }));
});

// An exchange that waits for a filter takes its backend by id, when the table that named it may be gone.
describe('a cluster that is removed', () => {
  const minute = 60_000;

  async function withClusters(run: (stage: Stage) => Promise<void>): Promise<void> {
    let time = 0;
    let ring = (): void => undefined;
    const alarm = {
      set: (_: number, wake: () => void) => void (ring = wake),
      clear: () => void (ring = () => undefined),
    };
    const timers = new Timers(() => time, alarm);
    const clusters = createClusters({
      transport: createHandleTransport(timers),
      timers,
      random: () => 0,
      telemetry: noTelemetry,
      resolve: async () => [],
      egress: { allowLoopback: true, deniedCIDRs: [], allowedHostnames: [] },
    });
    const origin = await createOrigin(() => reply('served'));
    await run({
      origin,
      clusters,
      advance(ms) {
        time += ms;
        ring();
      },
      async get() {
        const receiver = new Receiver();
        receiver.stream = clusters.get('c')!.request(new TestRequest('GET /'), receiver, '');
        return (await receiver.over()) === 'end' ? receiver.body : receiver.events.at(-1)!;
      },
    });
    await clusters.close();
    timers.close();
    await origin.close();
  }

  interface Stage {
    readonly origin: Origin;
    readonly clusters: ReturnType<typeof createClusters>;
    readonly advance: (ms: number) => void;
    readonly get: () => Promise<string>;
  }

  test('serves those that name it for a minute, and closes what is idle at once', () =>
    withClusters(async ({ origin, clusters, advance, get }) => {
      clusters.update({ c: clusterOf(origin.port) }, {}, {});
      await get();
      clusters.update({}, {}, {});
      await origin.connections[0]!.end();
      expect(clusters.stats()).toEqual([]);
      advance(minute - 1000);
      expect(await get()).toBe('served');
      const held = clusters.get('c')!;
      advance(2000);
      expect([clusters.get('c'), held.usable]).toEqual([undefined, false]);
      await origin.connections[1]!.end();
    }));

  test('and comes back, is what it was', () =>
    withClusters(async ({ origin, clusters, advance, get }) => {
      clusters.update({ c: clusterOf(origin.port) }, {}, {});
      const before = clusters.get('c');
      clusters.update({}, {}, {});
      await get();
      clusters.update({ c: clusterOf(origin.port) }, {}, {});
      expect(clusters.get('c')).toBe(before);
      advance(2 * minute);
      expect(await get()).toBe('served');
      expect(clusters.stats()).toHaveLength(1);
    }));
});
