/**
 * The one writer of a log: lines go out in order, without ever blocking a thread, from a queue that is bounded.
 * When the reader of a pipe stops, lines are dropped and counted; traffic goes on.
 */
import { closeSync, constants, fstatSync, openSync, write } from 'node:fs';
import { Socket } from 'node:net';

export interface LineWriter {
  /**
   * Takes whole lines. What does not fit is dropped and counted.
   * @param release called once the memory of `lines` is not needed any more: they were written, or dropped
   */
  write(lines: Uint8Array, release?: () => void): void;
  /** Opens the file anew after it was moved away (SIGHUP); nothing on a stream. */
  reopen(): void;
  /** Lines dropped so far. */
  readonly dropped: number;
  /** Resolves when everything was written, or after `timeout` ms with the rest dropped. */
  close(timeout: number): Promise<void>;
}

export interface LineWriterOptions {
  /** A descriptor that is open already (1 or 2), or the path of a file to append to. */
  readonly target: number | string;
  readonly maxQueuedBytes?: number;
}

const MaxQueuedBytes = 16 * 1_048_576;
/** How long a full pipe is left alone, in milliseconds. */
const RetryDelay = 20;
const LineFeed = 10;
const lineEnd = Uint8Array.of(LineFeed);

interface Queued {
  /** What is left to write. */
  bytes: Uint8Array;
  readonly release: (() => void) | undefined;
}

/** @throws the system's error if a file cannot be opened */
export function createLineWriter({ target, maxQueuedBytes = MaxQueuedBytes }: LineWriterOptions): LineWriter {
  let fd = open(target);
  const queue: Queued[] = [];
  let queued = 0;
  let dropped = 0;
  let writing = false;
  let lastByte = LineFeed;
  /** The last line in the file is half a line, whose rest was dropped: the next one must not be glued to it. */
  let torn = false;
  let wantsReopen = false;
  let closed = false;
  let idle: (() => void) | null = null;

  function pump(): void {
    if (writing) return;
    if (wantsReopen) renew();
    const chunk = torn && queue.length > 0 ? lineEnd : queue[0]?.bytes;
    if (chunk === undefined) {
      idle?.();
      return;
    }
    writing = true;
    write(fd, chunk, 0, chunk.length, null, (error, written) => {
      writing = false;
      if (closed) return;
      if (error === null) taken(chunk, written);
      else if (error.code === 'EAGAIN') {
        setTimeout(pump, RetryDelay);
        return;
      }
      // The reader is gone, or the disk is full: these lines are lost, later ones may not be.
      else drop();
      pump();
    });
  }

  function taken(chunk: Uint8Array, written: number): void {
    if (written > 0) lastByte = chunk[written - 1] ?? LineFeed;
    if (chunk === lineEnd) {
      torn = written === 0;
      return;
    }
    queued -= written;
    const first = queue[0];
    if (first === undefined) return;
    if (written < chunk.length) first.bytes = chunk.subarray(written);
    else {
      queue.shift();
      first.release?.();
    }
  }

  function drop(): void {
    for (const { bytes, release } of queue.splice(0)) {
      dropped += countLines(bytes);
      release?.();
    }
    queued = 0;
    torn = lastByte !== LineFeed;
  }

  function renew(): void {
    wantsReopen = false;
    if (typeof target === 'number') return;
    try {
      const next = open(target);
      closeSync(fd);
      fd = next;
      torn = false;
    } catch {
      // The directory is gone or the rights are: the old file goes on, which loses nothing.
    }
  }

  return {
    write(lines, release) {
      if (closed || queued + lines.length > maxQueuedBytes) {
        dropped += countLines(lines);
        release?.();
        return;
      }
      queue.push({ bytes: lines, release });
      queued += lines.length;
      pump();
    },
    reopen() {
      wantsReopen = true;
      pump();
    },
    get dropped() {
      return dropped;
    },
    async close(timeout) {
      if (closed) return;
      if (queue.length > 0) {
        const { promise, resolve } = Promise.withResolvers<void>();
        idle = resolve;
        const timer = setTimeout(resolve, timeout);
        await promise;
        clearTimeout(timer);
      }
      drop();
      closed = true;
      if (fd > 2) closeSync(fd);
    },
  };
}

function open(target: number | string): number {
  if (typeof target === 'string') return openSync(target, 'a', 0o640);
  // A write to a full pipe would hold a thread of the pool, and the end of the process, for as long as the reader sleeps.
  // Opened anew it does not block, and the flag is ours alone: the description that other processes share is left as it is.
  const kind = fstatSync(target);
  // A socket (systemd's journal) cannot be opened anew: libuv sets the flag on it. The object is for nothing else, and never closes stdout.
  if (kind.isSocket() && target <= 2) new Socket({ fd: target, readable: false, writable: true }).unref();
  if (!kind.isFIFO()) return target;
  try {
    return openSync(`/proc/self/fd/${target}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return target;
  }
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(LineFeed); at >= 0; at = bytes.indexOf(LineFeed, at + 1)) lines++;
  return lines;
}
