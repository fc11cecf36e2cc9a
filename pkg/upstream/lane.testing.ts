/** The bench on which both lanes are tested: a cluster with one scripted origin. */
import { afterEach, beforeEach } from '@jest/globals';
import type { Cluster } from '../ir/cluster.ts';
import { Timers } from '../proxy/timers.ts';
import type { Transport } from '../proxy/transport.ts';
import { type Answer, createOrigin, type Origin } from '../testkit/origin.ts';
import { Receiver, TestRequest } from './attempt.testing.ts';
import { type Clusters, createClusters } from './clusters.ts';

export const noTelemetry = {
  exchange() {},
  connectionOpened() {},
  connectionClosed() {},
  limitHit() {},
  upstreamConnection() {},
  policyDecision() {},
  valueDropped() {},
  tunnel() {},
};

export function clusterOf(port: number, changes: Partial<Cluster> = {}): Cluster {
  return {
    name: 'shop/orders:8080',
    protocol: 'HTTP11',
    endpoints: [{ host: '127.0.0.1', port, weight: 1, terminating: false }],
    loadBalancer: 'RoundRobin',
    limits: { maxConnections: 64, maxPendingRequests: 16 },
    connectTimeout: 2000,
    idleTimeout: 30_000,
    maxLifetime: 0,
    lane: 'Auto',
    ...changes,
  };
}

/** Made anew before each test of the describe block that calls this. */
export class LaneBench {
  readonly fast: boolean;
  timers!: Timers;
  clusters!: Clusters;
  readonly #lane: Cluster['lane'];
  #origins: Origin[] = [];

  constructor(lane: Cluster['lane'], createTransport: (timers: Timers) => Transport) {
    this.fast = lane === 'Auto';
    this.#lane = lane;
    beforeEach(() => {
      this.#origins = [];
      this.timers = new Timers();
      this.clusters = createClusters({
        transport: createTransport(this.timers),
        timers: this.timers,
        random: () => 0,
        telemetry: noTelemetry,
        resolve: async () => [],
        egress: { allowLoopback: true, deniedCIDRs: [], allowedHostnames: [] },
      });
    });
    afterEach(async () => {
      await this.clusters.close();
      for (const origin of this.#origins) await origin.close();
      this.timers.close();
    });
  }

  /** An origin, and the cluster `c` of it. */
  async serve(answer?: Answer, changes: Partial<Cluster> = {}): Promise<Origin> {
    const origin = await createOrigin(answer);
    this.#origins.push(origin);
    this.clusters.update({ c: clusterOf(origin.port, { lane: this.#lane, ...changes }) }, {}, {});
    return origin;
  }

  /** The origin answers each request with exactly these bytes, and then ends the stream or not. */
  answering(bytes: string, end = false): Promise<Origin> {
    return this.serve((_, stream) => {
      stream.send(bytes);
      if (end) stream.finish();
      return null;
    });
  }

  start(request: TestRequest, receiver = new Receiver()): Receiver {
    receiver.stream = this.clusters.get('c')!.request(request, receiver, '');
    return receiver;
  }

  get(target = '/'): Receiver {
    return this.start(new TestRequest(`GET ${target}`));
  }
}
