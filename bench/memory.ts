/** Memory of a process tree, from /proc. Used by the scenarios idle and scale. */
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { processTree } from './cpu.ts';

/** In kilobytes (1,024 bytes). */
export interface Memory {
  /** Resident; what processes share counts in each of them. */
  readonly rss: number;
  /** Proportional: what processes share is divided among them. */
  readonly pss: number;
}

export function memoryOf(pid: number): Memory {
  const memory = { rss: 0, pss: 0 };
  for (const process of processTree(pid)) {
    const text = readFileSync(`/proc/${process}/smaps_rollup`, 'utf8');
    memory.rss += Number(/^Rss:\s+(\d+) kB/m.exec(text)?.[1]);
    memory.pss += Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1]);
  }
  return memory;
}

/**
 * Waits until it has hardly changed for a second, at most six: buffers are given back, collectors run when nothing else does.
 * @param quick for a third of a second, whatever it does
 */
export async function settledMemory(pid: number, quick: boolean): Promise<Memory> {
  if (quick) {
    await setTimeout(300);
    return memoryOf(pid);
  }
  let last = memoryOf(pid);
  for (let i = 0; i < 6; i++) {
    await setTimeout(1000);
    const now = memoryOf(pid);
    if (Math.abs(now.pss - last.pss) < 0.002 * last.pss) return now;
    last = now;
  }
  return last;
}
