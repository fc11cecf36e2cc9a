/**
 * The configuration that was served last, on disk: a gateway that starts while its source is away serves that instead of nothing.
 * Used by `controller.ts`.
 *
 * The file is one JSON object `{format, version, keys, ir}`, mode 0600, replaced atomically: a crash at any moment leaves a whole file.
 */
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Ir } from '../ir/ir.ts';
import type { Clock } from '../store/clock.ts';
import { createDebounce } from '../store/debounce.ts';
import type { Log } from '../telemetry/log.ts';
import { sections } from '../worker/delta.ts';

export interface LastKnownGood {
  /** undefined if there is none, or none that this release can read (which is logged). */
  load(): Promise<Saved | undefined>;
  /** Called after every Ack; written a moment later. */
  save(version: number, ir: Ir): void;
  /** Writes what is still to be written. */
  close(): Promise<void>;
}

export interface Saved {
  readonly version: number;
  readonly ir: Ir;
}

export interface LastKnownGoodOptions {
  readonly file: string;
  /** Whether private keys are stored. Without, a gateway that starts from the file serves no TLS until its source is back. */
  readonly keys: boolean;
  readonly log: Log;
  readonly clock: Clock;
  /** ms without a change before it is written, and at most. Default 500 and 5,000. */
  readonly quiet?: number;
  readonly max?: number;
}

/** ms until a file that could not be written is tried again: the disk may have room by then, and the next edit be weeks away. */
const RETRY = 5_000;
/** Changes whenever an older release would misread the file. */
const FORMAT = 1;

export function createLastKnownGood(options: LastKnownGoodOptions): LastKnownGood {
  const { file, keys, log, clock } = options;
  let unsaved: Saved | undefined;
  let newest: Saved | undefined;
  let writing: Promise<void> = Promise.resolve();
  let trouble = '';
  let closed = false;
  let cancelRetry: (() => void) | undefined;

  const flush = () => {
    const saved = unsaved;
    unsaved = undefined;
    cancelRetry?.();
    if (saved === undefined) return;
    writing = writing
      .then(() => replaceFile(file, textOf(saved, keys)))
      .then(succeeded, (error: unknown) => {
        // A full disk must cost no traffic: the older file stays.
        if (trouble !== String(error))
          log.warn({ file, error: String(error) }, 'the last known good could not be saved');
        trouble = String(error);
        // A newer one is on its way already, or waits for its moment.
        if (saved !== newest || closed) return;
        unsaved = saved;
        cancelRetry = clock.after(RETRY, flush);
      });
  };
  const succeeded = () => {
    if (trouble !== '') log.info({ file }, 'the last known good is saved again');
    trouble = '';
  };
  const debounce = createDebounce({ quiet: options.quiet ?? 500, max: options.max ?? 5_000, clock }, flush);

  return {
    async load() {
      const text = await readFile(file, 'utf8').catch((error: unknown) => {
        if ((error as { code?: string }).code !== 'ENOENT')
          log.warn({ file, error: String(error) }, 'the last known good cannot be read');
        return undefined;
      });
      if (text === undefined) return undefined;
      const saved = parseSaved(text);
      if (saved === undefined) log.warn({ file }, `the last known good is no file of format ${FORMAT}: ignored`);
      return saved;
    },
    save(version, ir) {
      newest = { version, ir };
      unsaved = newest;
      debounce.trigger();
    },
    async close() {
      debounce.close();
      closed = true;
      flush();
      await writing;
    },
  };
}

function textOf({ version, ir }: Saved, keys: boolean): string {
  return JSON.stringify({ format: FORMAT, version, keys, ir: keys ? ir : { ...ir, certificates: {}, secrets: {} } });
}

function parseSaved(text: string): Saved | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { format, version, ir } = (value ?? {}) as {
    format?: unknown;
    version?: unknown;
    ir?: Record<string, unknown>;
  };
  if (format !== FORMAT || typeof version !== 'number' || typeof ir !== 'object' || ir === null) return undefined;
  const whole = sections.every((section) => typeof ir[section] === 'object' && ir[section] !== null);
  // What this format holds was written by `textOf`.
  return whole ? { version, ir: ir as unknown as Ir } : undefined;
}

async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`;
  // A left-over of a crash may have another mode.
  await rm(temporary, { force: true });
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    // Half a file helps nobody on a disk that is full.
    await rm(temporary, { force: true });
    throw error;
  }
  // The rename itself is durable only once the folder is.
  const folder = await open(dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
