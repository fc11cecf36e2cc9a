/** A data worker in its thread: speaks `ToWorker` and `FromWorker`. What it is made of is given, so that tests run toys in real threads. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Config } from '../config/config.ts';
import { systemClock } from '../store/clock.ts';
import { createAccessLog } from '../telemetry/access-log.ts';
import { LinePool } from '../telemetry/line-pool.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { createRecorder, type Recorder } from '../telemetry/recorder.ts';
import { createAnnouncer } from './announcer.ts';
import type { DataWorker } from './dataworker.ts';
import type { Delta } from './delta.ts';
import type { FromWorker, ThreadData, ToWorker } from './protocol.ts';
import { createServicesClient, type ServicesClient } from './services-client.ts';

/** What a data worker is built from. */
export interface WorkerEnv {
  readonly config: Config;
  /** 0, 1, …: where round robin starts, so that workers do not all begin with the same endpoint. */
  readonly index: number;
  readonly log: Log;
  readonly telemetry: Recorder;
  readonly ticketKeys: Uint8Array;
  /** Several workers listen on one port. */
  readonly reusePort: boolean;
  /** Descriptors that the process may open; 0: no limit is known. */
  readonly descriptorLimit: number;
  readonly services: ServicesClient;
}

type Post = (message: FromWorker) => void;

/** Never resolves before the thread takes messages; they wait in its port until then. */
export async function runDataWorker(assemble: (env: WorkerEnv) => Promise<DataWorker>): Promise<void> {
  if (parentPort === null) throw new Error('this file is a thread of the gateway, not a program');
  const port = parentPort;
  const {
    config,
    thread,
    logFormat,
    memory,
    index = 0,
    ticketKeys,
    descriptorLimit = 0,
    reusePort = true,
  } = workerData as ThreadData;
  if (memory === undefined || ticketKeys === undefined)
    throw new Error('a data worker needs its row and the ticket keys');
  const post: Post = (message) => port.postMessage(message);

  const log = createLog({
    level: config.logLevel,
    format: logFormat,
    thread,
    write: (line) => post({ kind: 'log', line }),
  });
  const accessLog =
    config.accessLog.kind === 'off'
      ? null
      : createAccessLog({
          pool: new LinePool(memory.lines),
          post: (segment) => post({ kind: 'lines', segment }),
          random: Math.random,
        });
  const announcer = createAnnouncer((labels) => post({ kind: 'labels', labels }));
  const telemetry = createRecorder({ row: memory.row, announce: announcer.add, accessLog });
  const services = createServicesClient(systemClock);
  const worker = await assemble({ config, index, log, telemetry, ticketKeys, reusePort, descriptorLimit, services });

  port.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'configure':
        void configure(worker, message, post);
        break;
      case 'ticketKeys':
        worker.setTicketKeys(Buffer.from(message.keys));
        break;
      case 'channel':
        services.connect(message.port);
        break;
      case 'drain':
        void worker.drain(message.delay, message.timeout).then(() => {
          accessLog?.flush();
          post({ kind: 'drained' });
        });
        break;
    }
  });
}

/** What throws here is a bug in compile or apply: the thread ends with it, and its replacement starts from the whole configuration. */
async function configure(
  worker: DataWorker,
  message: Extract<ToWorker, { kind: 'configure' }>,
  post: Post,
): Promise<void> {
  const deltas = message.texts.map((text) => JSON.parse(text) as Delta);
  const unbound = await worker.configure(message.version, deltas, message.refused);
  post({ kind: 'acknowledged', version: message.version, unbound });
}
