/** The origin (bench/c/origin.c) and what it counted. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startPinned } from './pinned.ts';

export interface OriginCounts {
  readonly connections: number;
  readonly requests: number;
  /** Requests without one of X-Forwarded-For, -Proto, -Host and X-Request-Id. */
  readonly unmarked: number;
  readonly malformed: number;
  readonly bodyBytes: number;
  /** Pieces of request bodies with a wrong byte. */
  readonly spoiled: number;
}

export interface Origin {
  readonly port: number;
  readonly pid: number;
  counts(): Promise<OriginCounts>;
  stop(): Promise<void>;
}

export async function startOrigin(tool: string, core: number, directory: string): Promise<Origin> {
  const stdout = join(directory, 'origin.out');
  await writeFile(stdout, '');
  const process = startPinned({ core, command: tool, args: ['0', '0'], stdout, stderr: join(directory, 'origin.err') });
  for (;;) {
    const ports = /^(\d+) (\d+)\n/.exec(await readFile(stdout, 'utf8'));
    if (ports === null) {
      await Promise.race([process.died, setTimeout(10)]);
      continue;
    }
    return {
      port: Number(ports[1]),
      pid: process.pid,
      async counts() {
        const response = await fetch(`http://127.0.0.1:${ports[2]}/`, { headers: { connection: 'close' } });
        return (await response.json()) as OriginCounts;
      },
      stop: () => process.stop(),
    };
  }
}
