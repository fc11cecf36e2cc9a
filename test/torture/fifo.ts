/** A named pipe as the stdout of a gateway, with a reader that can stop reading. Used by the scenario of the blocked access log. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';

export interface Fifo {
  /** For the process that writes; closed here by `started` once it has it. */
  readonly writeEnd: number;
  started(): void;
  /** Whole lines that were read. */
  readonly lines: readonly string[];
  stopReading(): void;
  readOn(): void;
  close(): void;
}

export function createFifo(path: string): Fifo {
  execFileSync('mkfifo', [path]);
  // The reader first: opening the other end would wait for it.
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeEnd = openSync(path, constants.O_WRONLY);
  const reader = new Socket({ fd: readEnd, readable: true, writable: false });
  const lines: string[] = [];
  let rest = '';
  reader.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(part);
  });
  return {
    writeEnd,
    started: () => closeSync(writeEnd),
    lines,
    stopReading: () => void reader.pause(),
    readOn: () => void reader.resume(),
    close: () => void reader.destroy(),
  };
}
