/**
 * The main thread's whole work: start the other threads, pass their messages on, replace those that die, and drain at the end.
 * A heap limit that is hit ends a worker alone but would end the process here, so nothing is parsed, compiled or proxied here.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Health } from '../admin/server.ts';
import type { Config } from '../config/config.ts';
import { writeDirectly } from '../services/direct-line.ts';
import type { ServicesSettings } from '../services/feed.ts';
import type { ClusterFigures } from '../telemetry/exposition.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { type Fleet, startFleet } from './fleet.ts';
import type { Gateway } from './gateway.ts';
import type { Apply, FromController, FromServices, ToController, ToServices } from './protocol.ts';
import { createRows } from './rows.ts';
import { startThread, type Thread } from './thread.ts';

export interface SupervisorOptions {
  readonly config: Config;
  readonly logFormat: 'json' | 'text';
  readonly workers: number;
  /** MiB of each worker. */
  readonly heapLimit: number;
  /** File descriptors of the process; 0: unknown. */
  readonly descriptors: number;
  /** Code of the threads; tests give others. */
  readonly entries: { readonly worker: URL; readonly controller: URL; readonly services: URL };
  /** Seconds after which a worker that hangs is replaced. Default 10. */
  readonly patience?: number;
  /** ms between tries to bind what was not free. Default 5,000. */
  readonly retryEvery?: number;
  /** Takes what is to be printed for people. */
  readonly print: (text: string) => void;
}

/** Beyond delay and timeout: how long workers may take to say that they are drained, in milliseconds. */
const DrainGrace = 2000;
/** How long the controller and the services may take to write what they hold. */
const CloseGrace = 3000;

/** Rejects with a message for the user if the services cannot start. */
export async function supervise(options: SupervisorOptions): Promise<Gateway> {
  const { config, logFormat } = options;
  const ended = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const failed = Promise.withResolvers<never>();
  const closings = { services: Promise.withResolvers<void>(), controller: Promise.withResolvers<void>() };
  const restarts = { worker: 0, controller: 0, services: 0 };
  const rows = createRows();
  let servicesUp = false;
  /** The services thread said why it cannot start. */
  let refused = false;
  let draining: Promise<void> | null = null;
  let degraded = false;
  let problems = 0;
  let held = 0;
  let cluster: ClusterFigures | undefined;
  let served = { version: 0, time: 0 };
  let settings: ServicesSettings | null = null;
  let ready = false;
  let fleet: Fleet | null = null;
  let controller: Thread<ToController> | null = null;

  const log: Log = createLog({ level: config.logLevel, format: logFormat, thread: 'main', write: logLine });
  const services = startThread<ToServices, FromServices>({
    entry: options.entries.services,
    heapLimit: 0,
    data: () => ({ thread: 'services', config, logFormat }),
    onStart(post) {
      for (const message of rows.messages()) post(message);
      post(healthNow());
      if (settings !== null) post({ kind: 'configure', settings });
      fleet?.connect(() => channelTo(post));
    },
    onMessage: fromServices,
    onEnd(reason, pause) {
      servicesUp = false;
      if (pause >= 0) restarts.services++;
      else closings.services.resolve();
      // What it could not start with is told as the user's mistake, in one line.
      if (!refused || fleet !== null) log.error({ reason }, 'the services thread died');
    },
    replace: () => draining === null,
  });

  await Promise.race([started.promise, failed.promise]).catch(async (error: unknown) => {
    await services.stop();
    throw error;
  });
  const workers = startFleet({
    entry: options.entries.worker,
    count: options.workers,
    heapLimit: options.heapLimit,
    ...(options.patience === undefined ? {} : { patience: options.patience }),
    ...(options.retryEvery === undefined ? {} : { retryEvery: options.retryEvery }),
    data: {
      config,
      logFormat,
      // macOS does not know it (it throws), and has one worker.
      reusePort: process.platform === 'linux',
      descriptorLimit: options.descriptors,
    },
    log,
    channel: () => (services.alive ? channelTo((message, transfer) => services.post(message, transfer)) : null),
    onOpen(worker, memory) {
      rows.open(worker, memory);
      toServices({ kind: 'open', worker, memory });
    },
    onLabels(worker, labels) {
      rows.label(worker, labels);
      toServices({ kind: 'labels', worker, labels });
    },
    onEnded(worker) {
      rows.end(worker);
      toServices({ kind: 'ended', worker });
    },
    onLines: (worker, segment) => toServices({ kind: 'lines', worker, segment }),
    onLogLine: logLine,
    onRebound: (unbound) => controller?.post({ kind: 'rebound', unbound }),
    onChange: tellHealth,
  });
  fleet = workers;
  controller = startThread<ToController, FromController>({
    entry: options.entries.controller,
    heapLimit: 0,
    data: () => ({ thread: 'controller', config, logFormat }),
    onStart: () => undefined,
    onMessage: (message) => fromController(message, workers),
    onEnd(reason, pause) {
      if (pause >= 0) restarts.controller++;
      else closings.controller.resolve();
      log.error({ reason }, 'the controller died; workers go on with what they have');
    },
    replace: () => draining === null,
  });

  function toServices(message: ToServices): void {
    services.post(message);
  }

  /** The services thread writes every log; without it a line goes out directly, since it most likely tells why. */
  function logLine(line: string): void {
    if (servicesUp) toServices({ kind: 'log', line });
    else writeDirectly(line);
  }

  function tellHealth(): void {
    toServices(healthNow());
  }

  function healthNow(): ToServices {
    ready ||= fleet !== null && fleet.serving && served.version > 0;
    restarts.worker = fleet?.restarts ?? 0;
    const health: Health = { ready, degraded, draining: draining !== null };
    const figures = {
      configurationVersion: served.version,
      configurationTime: served.time,
      restarts: { ...restarts },
      problems,
      held,
      ...(cluster && { cluster }),
    };
    return { kind: 'health', health, figures };
  }

  function fromServices(message: FromServices): void {
    switch (message.kind) {
      case 'log':
        logLine(message.line);
        break;
      case 'started':
        servicesUp = true;
        started.resolve();
        break;
      case 'failed':
        // A restarted thread cannot get its address back? Then the next try may; only the first start is the user's mistake.
        refused = true;
        failed.promise.catch(() => undefined);
        failed.reject(new Error(message.message));
        break;
      case 'inspect':
        controller?.post(message);
        break;
      case 'closed':
        closings.services.resolve();
        break;
    }
  }

  function fromController(message: FromController, workers: Fleet): void {
    switch (message.kind) {
      case 'log':
        logLine(message.line);
        break;
      case 'apply':
        publish(message, workers).catch((error: unknown) =>
          log.error({ error: String(error) }, 'a configuration was not served'),
        );
        break;
      case 'state':
        ({ degraded, problems } = message);
        tellHealth();
        break;
      case 'held':
        held = message.objects;
        tellHealth();
        break;
      case 'cluster':
        cluster = message.figures;
        tellHealth();
        break;
      case 'table':
        options.print(message.text);
        break;
      case 'inspected':
        toServices(message);
        break;
      case 'closed':
        closings.controller.resolve();
        break;
      case 'failed':
        ended.reject(new Error(message.message));
        break;
    }
  }

  async function publish(message: Apply, workers: Fleet): Promise<void> {
    settings = message.services;
    toServices({ kind: 'configure', settings });
    const unbound = await workers.apply(message);
    served = { version: message.version, time: Date.now() };
    tellHealth();
    controller?.post({ kind: 'acknowledged', version: message.version, unbound });
  }

  async function drain(delay: number): Promise<void> {
    log.info({ delay, timeout: config.drainTimeout }, 'draining');
    // First of all: the delay is for those who are told by it.
    controller?.post({ kind: 'drain' });
    await within(workers.drain(delay, config.drainTimeout), delay + config.drainTimeout + DrainGrace);
    await stop();
  }

  async function stop(): Promise<void> {
    await workers.stop();
    controller?.post({ kind: 'close' });
    await within(closings.controller.promise, CloseGrace);
    await controller?.stop();
    log.info({}, 'ended');
    toServices({ kind: 'close' });
    await within(closings.services.promise, CloseGrace);
    await services.stop();
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
    reopenLogs: () => toServices({ kind: 'reopen' }),
  };
}

/** Waits for it, but not longer than `ms`. */
async function within(promise: Promise<unknown>, ms: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([promise, late]);
  clearTimeout(timer);
}

/** One end goes to the services thread, the other is returned. */
function channelTo(services: Thread<ToServices>['post']): MessagePort {
  const { port1, port2 } = new MessageChannel();
  services({ kind: 'channel', port: port1 }, [port1]);
  return port2;
}
