/**
 * The access log of one worker: records become JSON lines, lines become batches, and batches go to the one writer of the process.
 * Two threads writing to one pipe tear each other's lines, so no worker writes itself.
 */
import { Buffer } from 'node:buffer';
import type { AccessLogSettings } from '../ir/settings.ts';
import { createLine, type Line } from './access-line.ts';
import type { AccessRecord } from './record.ts';

export interface AccessLog {
  /** @returns false: dropped, because the writer is behind */
  write(record: AccessRecord): boolean;
  configure(settings: AccessLogSettings): void;
  /** The writer took `bytes` of what was posted. */
  taken(bytes: number): void;
  flush(): void;
  close(): void;
}

export interface AccessLogOptions {
  /** Takes one batch of whole lines; the memory is the receiver's. */
  readonly post: (lines: Uint8Array<ArrayBuffer>) => void;
  readonly random: () => number;
}

/** Characters in a batch, and how long one waits for more, in milliseconds. */
const BatchLength = 65_536;
const BatchDelay = 100;
/** Bytes on their way to the writer; what comes beyond is dropped: a blocked pipe must not fill the memory. */
const MaxOnTheWay = 8 * 1_048_576;

export function createAccessLog({ post, random }: AccessLogOptions): AccessLog {
  let settings: AccessLogSettings = { fields: [], sampling: 1, redact: [] };
  let line: Line = createLine(settings);
  // A rope: pieces are put together once per batch, when it becomes bytes.
  let batch = '';
  let timer: NodeJS.Timeout | null = null;
  let onTheWay = 0;

  function flush(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (batch === '') return;
    const bytes = new Uint8Array(Buffer.byteLength(batch));
    Buffer.from(bytes.buffer).write(batch);
    batch = '';
    onTheWay += bytes.length;
    post(bytes);
  }

  return {
    write(record) {
      // Errors of the gateway or the backend are always told; sampling thins out the rest.
      if (settings.sampling < 1 && record.status < 500 && random() >= settings.sampling) return true;
      if (onTheWay > MaxOnTheWay) return false;
      batch += line(record);
      if (batch.length >= BatchLength) flush();
      else timer ??= setTimeout(flush, BatchDelay);
      return true;
    },
    configure(next) {
      if (next === settings) return;
      settings = next;
      line = createLine(next);
    },
    taken(bytes) {
      onTheWay -= bytes;
    },
    flush,
    close: flush,
  };
}
