/**
 * What the process does once, not per worker: writing logs, rendering metrics, answering the admin endpoints.
 * In a thread of its own (`worker/services-thread.ts`), or beside the worker with `--workers=0`.
 */
import { fstatSync } from 'node:fs';
import type { MessagePort } from 'node:worker_threads';
import type { DebugPage, Health } from '../admin/server.ts';
import { type AdminServer, startAdminServer } from '../admin/server.ts';
import type { Config } from '../config/config.ts';
import { systemClock } from '../store/clock.ts';
import { createBook } from '../telemetry/book.ts';
import { type ProcessFigures, renderMetrics } from '../telemetry/exposition.ts';
import { LinePool } from '../telemetry/line-pool.ts';
import type { SlotLabels, WorkerMemory } from '../telemetry/row.ts';
import type { FeedSource, ServicesSettings } from './feed.ts';
import { createFeedServer } from './feed-server.ts';
import { createLineWriter, type LineWriter } from './line-writer.ts';

export interface Services {
  /** Bound ports; null where the endpoint is off. */
  readonly ports: { readonly admin: number | null; readonly health: number | null };
  /** A segment of the worker's log lines was sealed. */
  accessLines(worker: string, segment: number): void;
  logLine(line: string): void;
  /** The counters and log lines of a worker that starts, what its slots stand for, and the worker's end. */
  open(worker: string, memory: WorkerMemory): void;
  label(worker: string, labels: readonly SlotLabels[]): void;
  ended(worker: string): void;
  /** What the filters of a worker watch and ask comes through here; its end closes the port. */
  connect(port: MessagePort): void;
  configure(settings: ServicesSettings): void;
  setState(health: Health, figures: ServicesFigures): void;
  reopen(): void;
  close(): Promise<void>;
}

export interface ServicesFigures
  extends Pick<ProcessFigures, 'configurationVersion' | 'restarts' | 'problems' | 'held' | 'cluster'> {
  /** ms since the epoch; 0 before the first. */
  readonly configurationTime: number;
}

export interface ServicesOptions {
  readonly config: Config;
  readonly version: string;
  readonly inspect: (page: DebugPage) => Promise<string>;
  readonly feeds: FeedSource;
  /** Descriptors of the logs; tests give files. */
  readonly stdout?: number;
  readonly stderr?: number;
}

const NoLines = new Uint8Array();

/** How long the rest of the logs may take when the process ends, in milliseconds. */
const CloseTimeout = 1000;

/** Rejects if an address cannot be bound or the access-log file not be opened, with a message for the user. */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const { config, version, inspect, feeds, stdout = 1, stderr = 2 } = options;
  const book = createBook();
  const processLog = createLineWriter({ target: stderr });
  const accessLog = createAccessWriter(config, stdout, stderr, processLog);
  let health: Health = { ready: false, degraded: false, draining: false };
  let figures: ServicesFigures = { configurationVersion: 0, configurationTime: 0, restarts: {}, problems: 0, held: 0 };

  const metrics = () =>
    renderMetrics(book, {
      version,
      configurationVersion: figures.configurationVersion,
      configurationAge: figures.configurationTime === 0 ? -1 : (Date.now() - figures.configurationTime) / 1000,
      degraded: health.degraded,
      draining: health.draining,
      restarts: figures.restarts,
      accessLogDropped: accessLog?.dropped ?? 0,
      problems: figures.problems,
      held: figures.held,
      ...(figures.cluster && { cluster: figures.cluster }),
      others: feeds.series(),
    });
  const servers: AdminServer[] = [];
  const serve = async (flag: 'adminAddress' | 'healthAddress', everything: boolean): Promise<number | null> => {
    const address = config[flag];
    if (address === null) return null;
    try {
      const server = await startAdminServer({
        address,
        everything,
        health: () => ({ ...health, unread: figures.cluster?.unread ?? [] }),
        metrics,
        inspect,
      });
      servers.push(server);
      return server.port;
    } catch (error) {
      const option = flag === 'adminAddress' ? '--admin-address' : '--health-address';
      throw new Error(
        `${option} cannot be bound: ${Error.isError(error) ? error.message : String(error)}; choose another or off`,
        {
          cause: error,
        },
      );
    }
  };
  const feedServer = createFeedServer({ source: feeds, clock: systemClock });
  const pools = new Map<string, LinePool>();
  const writeLines = (pool: LinePool | undefined, segment: number): void =>
    accessLog?.write(pool?.lines(segment) ?? NoLines, () => pool?.giveBack(segment));
  const ports = { admin: await serve('adminAddress', true), health: await serve('healthAddress', false) };

  return {
    ports,
    accessLines: (worker, segment) => writeLines(pools.get(worker), segment),
    logLine: (line) => processLog.write(Buffer.from(line)),
    open(worker, { row, lines }) {
      book.open(worker, row);
      const pool = new LinePool(lines);
      pools.set(worker, pool);
      // What a writer before this one had not written.
      for (const segment of pool.waiting()) writeLines(pool, segment);
    },
    label: (worker, labels) => book.label(worker, labels),
    ended(worker) {
      book.close(worker);
      pools.delete(worker);
    },
    connect: (port) => feedServer.connect(port),
    configure: (settings) => feeds.configure(settings),
    setState(nextHealth, nextFigures) {
      health = nextHealth;
      figures = nextFigures;
    },
    reopen: () => accessLog?.reopen(),
    async close() {
      feedServer.close();
      await feeds.close();
      await Promise.all(servers.map((server) => server.close()));
      await accessLog?.close(CloseTimeout);
      await processLog.close(CloseTimeout);
    },
  };
}

function createAccessWriter(
  { accessLog }: Config,
  stdout: number,
  stderr: number,
  processLog: LineWriter,
): LineWriter | null {
  if (accessLog.kind === 'off') return null;
  // `2>&1`: one pipe has one writer, or lines tear each other.
  if (accessLog.kind === 'stdout') return sameFile(stdout, stderr) ? processLog : createLineWriter({ target: stdout });
  try {
    return createLineWriter({ target: accessLog.path });
  } catch (error) {
    throw new Error(`--access-log cannot be opened: ${Error.isError(error) ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function sameFile(a: number, b: number): boolean {
  const [left, right] = [fstatSync(a), fstatSync(b)];
  return left.dev === right.dev && left.ino === right.ino;
}
