/** How much memory a process has, sampled while it is tortured. Used by the scenarios. */
import { readFile } from 'node:fs/promises';
import type { TestGateway } from '../../pkg/testkit/gateway.ts';

export const MiB = 1024 * 1024;

/** Bytes in memory (VmRSS). */
export async function residentBytes({ process }: TestGateway): Promise<number> {
  const status = await readFile(`/proc/${process.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

export interface Watch {
  /** Most bytes that were seen since the watch began or `mark` was called. */
  readonly most: number;
  mark(): void;
  stop(): void;
}

/** Looks every 50 ms. */
export function watchResident(gateway: TestGateway): Watch {
  let most = 0;
  let marks = 0;
  const look = async (): Promise<void> => {
    const mark = marks;
    const bytes = await residentBytes(gateway).catch(() => 0);
    if (mark === marks) most = Math.max(most, bytes);
  };
  const timer = setInterval(() => void look(), 50);
  return {
    get most() {
      return most;
    },
    mark() {
      marks++;
      most = 0;
    },
    stop: () => clearInterval(timer),
  };
}
