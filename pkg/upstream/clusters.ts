/** All clusters of one worker, by id. A change of endpoints touches those endpoints alone; what goes away finishes what it is doing. */
import type { Cluster } from '../ir/cluster.ts';
import type { Ir } from '../ir/ir.ts';
import type { EgressSettings } from '../ir/settings.ts';
import { Deadline } from '../proxy/deadline.ts';
import { Descriptors } from '../proxy/descriptors.ts';
import type { Timers } from '../proxy/timers.ts';
import type { Transport } from '../proxy/transport.ts';
import type { Telemetry } from '../telemetry/record.ts';
import { type ClusterStats, LiveCluster, type OpenGrpc, type OpenLane, type Retired } from './cluster.ts';
import { DescriptorGate } from './descriptor-gate.ts';
import { createDial } from './dial.ts';
import { createEgressGuard, type EgressGuard, type Resolve } from './egress.ts';
import { H1Context } from './h1context.ts';
import { H1Dispatcher } from './h1dispatcher.ts';
import { tlsOptions } from './tls.ts';
import { UndiciLane } from './undici.ts';
import type { ClusterRuntime } from './upstream.ts';

export interface ClustersEnv {
  readonly transport: Transport;
  readonly timers: Timers;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  /** Of the process; absent: no budget. */
  readonly descriptors?: Descriptors;
  readonly telemetry: Telemetry;
  /** Told while a connection waits for a descriptor. */
  readonly onShort?: () => void;
  /** `createResolver()`, or a table in tests. */
  readonly resolve: Resolve;
  /** Of a response head; default 64 KiB. */
  readonly maxHeadBytes?: number;
  /** Until `setEgress`: nothing on loopback. */
  readonly egress?: EgressSettings;
}

export interface Clusters {
  /** Makes the clusters what the IR says; key material is compared, too. Call with both old and new clusters before a table swap, with the new after. */
  update(clusters: Ir['clusters'], certificates: Ir['certificates'], authorities: Ir['authorities']): void;
  /** Holds for every connection made from now on. */
  setEgress(settings: EgressSettings): void;
  /** A cluster that was removed is there for a minute more: exchanges that began before end by the rules that they began with. */
  get(id: string): ClusterRuntime | undefined;
  /** Closes connections that nobody uses now. */
  trim(): void;
  stats(): readonly ClusterStats[];
  /** Ends everything. */
  close(): Promise<void>;
}

const closed: EgressSettings = { allowLoopback: false, deniedCIDRs: [], allowedHostnames: [] };
const DefaultHeadBytes = 65_536;
/** Milliseconds that a removed cluster is kept. No filter takes longer, unless the client is slow with a body. */
const LeaveAfter = 60_000;

/** A cluster that the configuration does not name any more. */
interface Leaving {
  readonly cluster: LiveCluster;
  readonly end: Deadline;
}

export function createClusters(env: ClustersEnv): Clusters {
  const { transport, timers, random, telemetry, resolve, maxHeadBytes = DefaultHeadBytes } = env;
  const live = new Map<string, LiveCluster>();
  const leaving = new Map<string, Leaving>();
  /** Lanes that finish what they do. */
  const retired = new Set<Retired>();
  let guard: EgressGuard = createEgressGuard(env.egress ?? closed, { resolve });
  let material: Pick<Ir, 'certificates' | 'authorities'> = { certificates: {}, authorities: {} };
  const trim = (): void => {
    for (const cluster of live.values()) cluster.trim();
    for (const { cluster } of leaving.values()) cluster.trim();
  };
  const gate = new DescriptorGate(
    env.descriptors ?? new Descriptors(0),
    timers,
    () => telemetry.limitHit('backend-descriptors'),
    () => {
      trim();
      env.onShort?.();
    },
  );
  const context = new H1Context(
    createDial(transport, timers, () => guard, gate),
    timers,
    maxHeadBytes,
  );

  const tlsOf = ({ tls }: Cluster) =>
    tls === undefined ? null : tlsOptions(tls, material.certificates, material.authorities);
  const openGrpc: OpenGrpc = async (cluster, { host, port }) => {
    const { name, connectTimeout, idleTimeout } = cluster;
    const options = { cluster: name, host, port, tls: tlsOf(cluster), connectTimeout, idleTimeout };
    const { GrpcLane } = await import('./grpc-lane.ts');
    return new GrpcLane(options, { telemetry, gate, guard: () => guard });
  };
  const openLane: OpenLane = (cluster, { host, port }, pending) => {
    const options = {
      cluster: cluster.name,
      host,
      port,
      connectTimeout: cluster.connectTimeout,
      idleTimeout: cluster.idleTimeout,
      maxLifetime: cluster.maxLifetime,
      maxConnections: cluster.limits.maxConnections,
    };
    if (cluster.tls === undefined && cluster.lane === 'Auto')
      return new H1Dispatcher(options, context, pending, telemetry);
    return new UndiciLane(
      { ...options, tls: tlsOf(cluster), maxHeadBytes },
      { transport, telemetry, gate, guard: () => guard },
      pending,
    );
  };
  const retire = (lane: Retired): void => {
    retired.add(lane);
    void lane.close().then(() => retired.delete(lane));
  };

  const leave = (cluster: LiveCluster): void => {
    const { id } = cluster;
    const end = new Deadline(() => {
      leaving.delete(id);
      cluster.retire();
    });
    leaving.set(id, { cluster, end });
    timers.schedule(end, LeaveAfter);
    live.delete(id);
    cluster.trim();
  };
  /** One that comes back is as it was. */
  const open = (id: string, config: Cluster): LiveCluster => {
    const left = leaving.get(id);
    const cluster = left?.cluster ?? new LiveCluster(id, config, { lane: openLane, grpc: openGrpc }, random, retire);
    if (left !== undefined) timers.cancel(left.end);
    leaving.delete(id);
    live.set(id, cluster);
    return cluster;
  };

  return {
    update(clusters, certificates, authorities) {
      const before = material;
      material = { certificates, authorities };
      for (const [id, cluster] of Object.entries(clusters)) {
        const known = live.get(id);
        // Nearly all clusters are the same objects as in the last update.
        if (known !== undefined && known.config === cluster && sameMaterial(cluster, before, material)) continue;
        (known ?? open(id, cluster)).update(cluster, settingsOf(cluster, material));
      }
      for (const [id, cluster] of live) if (clusters[id] === undefined) leave(cluster);
    },
    setEgress(settings) {
      guard = createEgressGuard(settings, { resolve });
    },
    get: (id) => live.get(id) ?? leaving.get(id)?.cluster,
    trim,
    stats: () => [...live.values()].map((cluster) => cluster.stats),
    async close() {
      for (const cluster of live.values()) cluster.retire();
      for (const { cluster, end } of leaving.values()) {
        timers.cancel(end);
        cluster.retire();
      }
      live.clear();
      leaving.clear();
      await Promise.all([...retired].map((lane) => lane.destroy()));
    },
  };
}

/** All that a pool is made from, as text. Endpoints and limits of the queue are not in it: they change in place. */
function settingsOf(cluster: Cluster, material: Pick<Ir, 'certificates' | 'authorities'>): string {
  const { endpoints: _, loadBalancer: __, limits, ...rest } = cluster;
  return JSON.stringify([rest, limits.maxConnections, ...keysOf(cluster, material)]);
}

function sameMaterial(
  cluster: Cluster,
  before: Pick<Ir, 'certificates' | 'authorities'>,
  now: Pick<Ir, 'certificates' | 'authorities'>,
): boolean {
  if (cluster.tls === undefined) return true;
  return JSON.stringify(keysOf(cluster, before)) === JSON.stringify(keysOf(cluster, now));
}

function keysOf({ tls }: Cluster, { certificates, authorities }: Pick<Ir, 'certificates' | 'authorities'>): unknown[] {
  if (tls === undefined) return [];
  const own = tls.clientCertificate === undefined ? undefined : certificates[tls.clientCertificate];
  return [own?.certificate, own?.key, tls.authorities.map((id) => authorities[id])];
}
