/** The data plane, put together from its rooms: the one place that knows them all. */
import { createFilter } from '../policy/filters.ts';
import { Descriptors } from '../proxy/descriptors.ts';
import { createProxy } from '../proxy/proxy.ts';
import { Timers } from '../proxy/timers.ts';
import { chooseTransport } from '../proxy/transport-selftest.ts';
import { createCompiler } from '../routing/compile.ts';
import { createCall } from '../upstream/call.ts';
import { createClusters } from '../upstream/clusters.ts';
import { createResolver } from '../upstream/egress.ts';
import { createUnary } from '../upstream/unary.ts';
import { createDataWorker, type DataWorker } from './dataworker.ts';
import { reportDropped } from './dropped-values.ts';
import { openShortage } from './shortage.ts';
import type { WorkerEnv } from './worker-main.ts';

const random = () => Math.random();

export async function assembleDataWorker(env: WorkerEnv): Promise<DataWorker> {
  const { config, log, telemetry, ticketKeys, reusePort, descriptorLimit, services } = env;
  const timers = new Timers();
  const now = () => timers.now();
  const { transport, reason } = await chooseTransport(config.transport, timers);
  if (reason !== null) log.warn({ reason }, 'the fast transport does not work here; the documented one serves');
  log.debug({ transport: transport.name }, 'transport chosen');

  const wallClock = createWallClock(now);
  const shortage = openShortage();
  const descriptors = new Descriptors(descriptorLimit);
  const clusters = createClusters({
    transport,
    timers,
    random,
    telemetry,
    resolve: createResolver(),
    descriptors,
    onShort: () => shortage.tell(),
  });
  shortage.listen(() => clusters.trim());
  const call = createCall({ clusters, timers });
  services.serveCalls(call);
  const unary = createUnary(clusters);
  const compiler = createCompiler({
    filter(filter, secret) {
      const dropped = reportDropped(filter, telemetry, log);
      return createFilter(filter, { random, now, wallClock, dropped, secret, call, unary, services });
    },
    report: (what, error) =>
      log.error({ what, error: textOf(error) }, 'a filter or pattern could not be built; its rules fail closed'),
  });
  const proxy = createProxy({
    transport,
    timers,
    clusters,
    telemetry,
    now,
    wallClock,
    random,
    fault: (where, error) => log.error({ where, error: textOf(error) }, 'a bug: an exchange was ended with 500'),
    ticketKeys: Buffer.from(ticketKeys),
    reusePort,
    descriptors,
  });
  return createDataWorker({
    compiler,
    clusters,
    proxy,
    telemetry,
    close() {
      shortage.close();
      timers.close();
    },
  });
}

/** Milliseconds since the epoch by the monotonic clock, which has been read already; the system's clock is asked once a second. */
function createWallClock(now: () => number): () => number {
  let offset = 0;
  let asked = Number.NEGATIVE_INFINITY;
  return () => {
    const at = now();
    if (at - asked > 1000) {
      asked = at;
      offset = Date.now() - at;
    }
    return at + offset;
  };
}

function textOf(error: unknown): string {
  return Error.isError(error) ? (error.stack ?? error.message) : String(error);
}
