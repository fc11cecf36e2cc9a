/** Telemetry of one worker: counts into its row and hands the record to the access log. Everything here runs once per request or connection. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Ir } from '../ir/ir.ts';
import type { AccessLog } from './access-log.ts';
import type { AccessRecord, Telemetry } from './record.ts';
import { Buckets, Connection, Exchange, type SlotLabels, slotStart, UpstreamConnection, Worker } from './row.ts';
import { createSlots } from './slots.ts';

export interface Recorder extends Telemetry {
  /** Called when routes or settings have changed: takes over access-log settings and gives back the slots of routes that are gone. */
  configure(ir: Ir): void;
  close(): void;
}

export interface RecorderOptions {
  readonly row: SharedArrayBuffer;
  readonly announce: (labels: SlotLabels) => void;
  readonly accessLog: AccessLog | null;
}

/** In microseconds, as durations are recorded. */
const bounds: readonly number[] = Buckets.map((seconds) => seconds * 1e6);

export function createRecorder({ row, announce, accessLog }: RecorderOptions): Recorder {
  const counts = new Float64Array(row);
  const exchanges = createSlots('exchange', counts, 2, announce);
  const byRoute = new Map<string, Map<string, number>>();
  const connections = createLabelled('connection', counts, announce);
  const upstreams = createLabelled('upstreamConnection', counts, announce);
  const limits = createLabelled('limit', counts, announce);
  const flags = createLabelled('flag', counts, announce);
  const policies = createCombined('policy', 4, counts, announce);
  const droppedValues = createCombined('droppedValue', 3, counts, announce);
  const identities = createSlots('identity', counts, 2, announce);
  const byMethod = new Map<string, Map<string, number>>();
  const own = slotStart('worker', 0);
  counts[own - 1] = 1;
  announce({ family: 'worker', slot: 0, generation: 1, labels: [] });
  const stopSampling = sampleEventLoop(counts, own);

  function add(index: number, amount: number): void {
    counts[index] = (counts[index] ?? 0) + amount;
  }

  function exchangeSlot(route: string, cluster: string): number {
    let byCluster = byRoute.get(route);
    if (byCluster === undefined) byRoute.set(route, (byCluster = new Map()));
    let start = byCluster.get(cluster);
    if (start === undefined) byCluster.set(cluster, (start = exchanges.take([route, cluster])));
    return start;
  }

  // Of every request that is authenticated: nothing is allocated.
  function identitySlot(method: string, provider: string): number {
    let byProvider = byMethod.get(method);
    if (byProvider === undefined) byMethod.set(method, (byProvider = new Map()));
    let start = byProvider.get(provider);
    if (start === undefined) byProvider.set(provider, (start = identities.take([method, provider])));
    return start;
  }

  return {
    exchange(record: AccessRecord) {
      const start = exchangeSlot(record.route, record.cluster);
      add(start + Exchange.classes + classOf(record.status), 1);
      add(start + Exchange.buckets + bucketOf(record.duration), 1);
      add(start + Exchange.duration, record.duration);
      add(start + Exchange.requestBytes, record.requestBytes);
      add(start + Exchange.responseBytes, record.responseBytes);
      if (record.upstreamDuration >= 0) {
        add(start + Exchange.upstreamDuration, record.upstreamDuration);
        add(start + Exchange.upstreamResponses, 1);
      }
      if (record.attempts > 1) add(start + Exchange.retries, record.attempts - 1);
      if (record.authMethod !== '') add(identitySlot(record.authMethod, record.authProvider), 1);
      if (record.flag !== '') add(flags(record.flag), 1);
      if (accessLog !== null && !accessLog.write(record)) add(own + Worker.linesDropped, 1);
    },
    connectionOpened: (socket) => add(connections(socket) + Connection.opened, 1),
    connectionClosed: (socket) => add(connections(socket) + Connection.closed, 1),
    limitHit: (limit) => add(limits(limit), 1),
    upstreamConnection: (cluster, event) => add(upstreams(cluster) + UpstreamConnection[event], 1),
    policyDecision: (...labels) => add(policies(labels), 1),
    valueDropped: (...labels) => add(droppedValues(labels), 1),
    tunnel: (event) => add(own + (event === 'opened' ? Worker.tunnelsOpened : Worker.tunnelsClosed), 1),

    configure(ir) {
      accessLog?.configure(ir.settings.default.accessLog);
      for (const [route, byCluster] of byRoute) {
        if (route === '' || Object.hasOwn(ir.routes, route)) continue;
        for (const start of byCluster.values()) exchanges.release(start);
        byRoute.delete(route);
      }
    },
    close() {
      stopSampling();
      accessLog?.close();
    },
  };
}

/** One label, never given back: sockets, clusters, limits and flags are few. */
function createLabelled(
  family: 'connection' | 'upstreamConnection' | 'limit' | 'flag',
  counts: Float64Array,
  announce: (labels: SlotLabels) => void,
): (label: string) => number {
  const slots = createSlots(family, counts, 1, announce);
  const known = new Map<string, number>();
  return (label) => {
    let start = known.get(label);
    if (start === undefined) known.set(label, (start = slots.take([label])));
    return start;
  };
}

/** Several labels, never given back: policies, modes and reasons are few. */
function createCombined(
  family: 'policy' | 'droppedValue',
  labelCount: number,
  counts: Float64Array,
  announce: (labels: SlotLabels) => void,
): (labels: readonly string[]) => number {
  const slots = createSlots(family, counts, labelCount, announce);
  const known = new Map<string, number>();
  return (labels) => {
    const key = labels.join(' ');
    let start = known.get(key);
    if (start === undefined) known.set(key, (start = slots.take(labels)));
    return start;
  };
}

function classOf(status: number): number {
  return status < 200 ? 0 : status < 300 ? 1 : status < 400 ? 2 : status < 500 ? 3 : 4;
}

function bucketOf(duration: number): number {
  let bucket = 0;
  while (bucket < bounds.length && duration > (bounds[bucket] ?? 0)) bucket++;
  return bucket;
}

/** Once a second: how late this thread's timers are, how busy it is, and that it lives. */
function sampleEventLoop(counts: Float64Array, own: number): () => void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let last = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    // The histogram holds whole timer intervals: what is beyond the resolution is the delay.
    counts[own + Worker.delayMedian] = Math.max(0, delay.percentile(50) / 1e9 - 0.02);
    counts[own + Worker.delay99] = Math.max(0, delay.percentile(99) / 1e9 - 0.02);
    counts[own + Worker.delayMax] = Math.max(0, delay.max / 1e9 - 0.02);
    delay.reset();
    const now = performance.eventLoopUtilization();
    counts[own + Worker.utilization] = performance.eventLoopUtilization(now, last).utilization;
    last = now;
    counts[own + Worker.heapUsed] = process.memoryUsage().heapUsed;
    counts[own + Worker.heartbeat] = (counts[own + Worker.heartbeat] ?? 0) + 1;
  }, 1000);
  timer.unref();
  return () => {
    clearInterval(timer);
    delay.disable();
  };
}
