/** The database of countries that `--geoip-database` names: read whole, looked through, shared with every worker, and read again when its file changes. */
import { Buffer } from 'node:buffer';
import { type FileHandle, open } from 'node:fs/promises';
import { Reader, type Response } from 'mmdb-lib';
import type { GeoipValue } from '../../policy/feeds.ts';
import type { Clock } from '../../store/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { FeedStart, RunningFeed } from '../feed.ts';

export interface GeoipEnv {
  /** null: the flag is not set. */
  readonly file: string | null;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

/** A look at the file's date costs nothing, works on every kind of volume, and sees a link that was turned. */
const PollMs = 5_000;
/** GeoIP2 City has some 120 MB. */
const MaxBytes = 1_073_741_824;

export function startGeoip({ last, publish }: FeedStart<'geoip'>, { file, clock, log }: GeoipEnv): RunningFeed {
  let database = last?.database ?? null;
  let seen = '';
  let failure = '';
  let closed = false;
  let cancel = (): void => {};
  let looking: Promise<boolean> | null = null;

  const say = (value: GeoipValue): void => {
    if (!closed) publish(value);
  };
  const fail = (next: string): boolean => {
    // Once for each reason, not for each look.
    if (next !== failure) {
      const kept =
        database === null ? 'policies that ask for countries answer 503' : 'the last good one stays in force';
      log.warn({ file, reason: next }, `the database of countries cannot be read: ${kept}`);
      failure = next;
      say({ database, failure });
    }
    return false;
  };

  async function look(): Promise<boolean> {
    if (file === null) return fail('--geoip-database is not set');
    try {
      const handle = await open(file);
      try {
        return await take(handle);
      } finally {
        await handle.close();
      }
    } catch (error) {
      // What broke once is tried again only when it has changed; what is not there, each time.
      return fail(Error.isError(error) ? error.message : String(error));
    }
  }

  async function take(handle: FileHandle): Promise<boolean> {
    const { dev, ino, size, mtimeMs } = await handle.stat();
    const version = `${dev} ${ino} ${size} ${mtimeMs}`;
    if (version === seen) return failure === '';
    seen = version;
    const bytes = await readWhole(handle, size);
    database = checked(bytes);
    failure = '';
    log.info({ file, bytes: size }, 'the database of countries was read');
    say({ database, failure });
    return true;
  }

  const next = (): void => {
    if (!closed) cancel = clock.after(PollMs, () => void refresh());
  };
  const refresh = (): Promise<boolean> => {
    cancel();
    looking ??= look().finally(() => {
      looking = null;
      next();
    });
    return looking;
  };
  // Not from within the start, where nothing may be published.
  queueMicrotask(() => void refresh());
  return {
    refresh,
    close() {
      closed = true;
      cancel();
    },
  };
}

async function readWhole(handle: FileHandle, size: number): Promise<SharedArrayBuffer> {
  if (size > MaxBytes) throw new Error(`it has ${size} bytes, more than ${MaxBytes}`);
  const shared = new SharedArrayBuffer(size);
  const view = Buffer.from(shared);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await handle.read(view, at, size - at, at);
    if (bytesRead === 0) throw new Error('it became shorter while it was read');
    at += bytesRead;
  }
  return shared;
}

/** Throws on what is no database, or one that ends too early. */
function checked(database: SharedArrayBuffer): SharedArrayBuffer {
  const reader = new Reader<Response>(Buffer.from(database));
  const { nodeCount, searchTreeSize } = reader.metadata;
  if (!(nodeCount > 0) || searchTreeSize >= database.byteLength) throw new Error('it is cut off');
  for (const address of ['8.8.8.8', '1.1.1.1', '203.0.113.1']) reader.get(address);
  return database;
}
