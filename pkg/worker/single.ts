/** The whole gateway in one thread, for `--workers=0`: the same rooms through the same interfaces, without the isolation. */
import { MessageChannel } from 'node:worker_threads';
import type { Config } from '../config/config.ts';
import { version } from '../config/version.ts';
import { createFeedSource } from '../services/feed-source.ts';
import { type Services, startServices } from '../services/services.ts';
import { systemClock } from '../store/clock.ts';
import { createAccessLog } from '../telemetry/access-log.ts';
import type { ClusterFigures } from '../telemetry/exposition.ts';
import { createLineMemory, LinePool } from '../telemetry/line-pool.ts';
import { createLog } from '../telemetry/log.ts';
import { createRecorder } from '../telemetry/recorder.ts';
import { createRow } from '../telemetry/row.ts';
import { assembleDataWorker } from './assemble.ts';
import { type ControlPlane, startControlPlane } from './controlplane.ts';
import type { Gateway } from './gateway.ts';
import { createInProcess } from './inprocess.ts';
import { createServicesClient } from './services-client.ts';
import { servicesSettings } from './services-settings.ts';
import { createTickets } from './tickets.ts';

export interface SingleOptions {
  readonly config: Config;
  readonly logFormat: 'json' | 'text';
  /** File descriptors of the process; 0: unknown. */
  readonly descriptors: number;
  /** Takes what is to be printed for people. */
  readonly print: (text: string) => void;
}

const Name = 'worker-1';

/** Rejects with a message for the user if something cannot start. */
export async function runSingle({ config, logFormat, descriptors, print }: SingleOptions): Promise<Gateway> {
  const ended = Promise.withResolvers<void>();
  let draining: Promise<void> | null = null;
  let ready = false;
  let degraded = false;
  let problems = 0;
  let held = 0;
  let cluster: ClusterFigures | undefined;
  let served = { version: 0, time: 0 };
  const late: { services?: Services } = {};
  const controlPlane: { current: ControlPlane | null } = { current: null };

  const log = createLog({
    level: config.logLevel,
    format: logFormat,
    thread: 'main',
    write: (line) => late.services?.logLine(line),
  });
  const services: Services = await startServices({
    config,
    version,
    inspect: async (page) => controlPlane.current?.inspect(page) ?? '{}',
    feeds: createFeedSource({ geoipDatabase: config.geoipDatabase, log }),
  });
  late.services = services;
  // The same channel as between threads, so that what filters get is a copy here too.
  const channel = new MessageChannel();
  const client = createServicesClient(systemClock);
  services.connect(channel.port1);
  client.connect(channel.port2);
  const row = createRow();
  const lines = createLineMemory();
  services.open(Name, { row, lines });
  const accessLog =
    config.accessLog.kind === 'off'
      ? null
      : createAccessLog({
          pool: new LinePool(lines),
          random: Math.random,
          post: (segment) => services.accessLines(Name, segment),
        });
  const telemetry = createRecorder({ row, announce: (labels) => services.label(Name, [labels]), accessLog });
  const tickets = createTickets((keys) => worker.setTicketKeys(Buffer.from(keys)));
  const worker = await assembleDataWorker({
    config,
    index: 0,
    log,
    telemetry,
    ticketKeys: tickets.keys,
    reusePort: false,
    descriptorLimit: descriptors,
    services: client,
  });
  const dataPlane = createInProcess(worker);

  function tellHealth(): void {
    services.setState(
      { ready, degraded, draining: draining !== null },
      {
        configurationVersion: served.version,
        configurationTime: served.time,
        restarts: {},
        problems,
        held,
        ...(cluster && { cluster }),
      },
    );
  }

  controlPlane.current = await startControlPlane({
    config,
    log,
    onTable: print,
    onHeld(objects) {
      held = objects;
      tellHealth();
    },
    onFigures(figures) {
      cluster = figures;
      tellHealth();
    },
    onState(isDegraded, count) {
      degraded = isDegraded;
      problems = count;
      tellHealth();
    },
    dataPlane: {
      async apply(version, ir) {
        services.configure(servicesSettings(ir));
        const ack = await dataPlane.apply(version, ir);
        ready = true;
        served = { version, time: Date.now() };
        tellHealth();
        return ack;
      },
      onRebound: (listener) => dataPlane.onRebound?.(listener),
      close: () => dataPlane.close(),
    },
  });

  async function drain(delay: number): Promise<void> {
    log.info({ delay, timeout: config.drainTimeout }, 'draining');
    controlPlane.current?.drain();
    await worker.drain(delay, config.drainTimeout);
    await controlPlane.current?.close();
    await worker.close();
    client.close();
    tickets.close();
    log.info({}, 'ended');
    await services.close();
    ended.resolve();
  }

  return {
    ended: ended.promise,
    drain(delay) {
      if (draining === null) {
        draining = drain(delay);
        tellHealth();
      }
      return draining;
    },
    reopenLogs: () => services.reopen(),
  };
}
