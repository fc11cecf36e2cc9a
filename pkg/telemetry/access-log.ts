/**
 * The access log of one worker: records become JSON lines in memory that it shares with the one writer of the process.
 * Two threads writing to one pipe tear each other's lines, so no worker writes itself.
 */
import type { Buffer } from 'node:buffer';
import type { AccessLogSettings } from '../ir/settings.ts';
import { createLine, type Line } from './access-line.ts';
import { type LinePool, SegmentBytes } from './line-pool.ts';
import type { AccessRecord } from './record.ts';

export interface AccessLog {
  /** @returns false: dropped, because the writer is behind */
  write(record: AccessRecord): boolean;
  configure(settings: AccessLogSettings): void;
  flush(): void;
  close(): void;
}

export interface AccessLogOptions {
  readonly pool: LinePool;
  /** Tells the writer that this segment was sealed. */
  readonly post: (segment: number) => void;
  readonly random: () => number;
}

/** How long a line waits for more, in milliseconds. */
const BatchDelay = 100;
/** What is left of a client's texts when the line would not fit into a segment. */
const CutLength = 1024;

export function createAccessLog({ pool, post, random }: AccessLogOptions): AccessLog {
  let settings: AccessLogSettings = { fields: [], sampling: 1, redact: [] };
  let line: Line = createLine(settings);
  let segment = -1;
  let memory: Buffer | null = null;
  let length = 0;
  let timer: NodeJS.Timeout | null = null;

  function flush(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (memory === null) return;
    pool.seal(segment, length);
    memory = null;
    post(segment);
  }

  function begin(): boolean {
    segment = pool.take();
    if (segment < 0) return false;
    memory = pool.segment(segment);
    length = 0;
    timer = setTimeout(flush, BatchDelay);
    return true;
  }

  return {
    write(record) {
      // Errors of the gateway or the backend are always told; sampling thins out the rest.
      if (settings.sampling < 1 && record.status < 500 && random() >= settings.sampling) return true;
      let text = line(record);
      if (text.length > SegmentBytes) text = line(cut(record));
      if (memory !== null && length + text.length > SegmentBytes) flush();
      if (memory === null && !begin()) return false;
      // Lines are ASCII.
      length += memory!.write(text, length, 'latin1');
      return true;
    },
    configure(next) {
      if (next === settings) return;
      settings = next;
      line = createLine(next);
    },
    flush,
    close: flush,
  };
}

/** Only a client that means harm sends so much; that it did must still be told. */
function cut(record: AccessRecord): AccessRecord {
  const { method, host, path, query, userAgent } = record;
  const short = (text: string): string => text.slice(0, CutLength);
  return {
    ...record,
    method: short(method),
    host: short(host),
    path: short(path),
    query: short(query),
    userAgent: short(userAgent),
  };
}
