/** What this process may use of the machine: CPUs and memory, by its cgroup (v2) where it has one. */
import { readFileSync } from 'node:fs';
import { availableParallelism, platform, totalmem } from 'node:os';

export interface Machine {
  readonly platform: string;
  /** CPUs by affinity. */
  readonly parallelism: number;
  /** Content of the cgroup's cpu.max and memory.max; null without a cgroup. */
  readonly cpuMax: string | null;
  readonly memoryMax: string | null;
  /** Bytes. */
  readonly memory: number;
  /** File descriptors this process may open; 0: unknown. */
  readonly descriptors: number;
}

export function readMachine(): Machine {
  return {
    platform: platform(),
    parallelism: availableParallelism(),
    cpuMax: readLimit('/sys/fs/cgroup/cpu.max'),
    memoryMax: readLimit('/sys/fs/cgroup/memory.max'),
    memory: totalmem(),
    descriptors: Number(/^Max open files\s+(\d+)/m.exec(readLimit('/proc/self/limits') ?? '')?.[1] ?? 0),
  };
}

/** Workers for `auto`. A part of a CPU does not count: the other threads live of it, and a throttled worker stalls its connections. */
export function workersFor(machine: Machine): number {
  // On macOS two sockets cannot share an address the way Linux does it (reusePort throws).
  if (machine.platform !== 'linux') return 1;
  const [, quota, period] = /^(\d+) (\d+)/.exec(machine.cpuMax ?? '') ?? [];
  const allowed = quota === undefined ? Number.POSITIVE_INFINITY : Math.floor(Number(quota) / Number(period));
  return Math.max(1, Math.min(machine.parallelism, allowed));
}

/** Heap limit of one worker in MiB: half the memory shared by the workers and two more threads; buffers live beside it. */
export function heapLimitFor(machine: Machine, workers: number): number {
  const limit = /^\d+/.exec(machine.memoryMax ?? '')?.[0];
  const bytes = Math.min(machine.memory, limit === undefined ? machine.memory : Number(limit));
  const share = bytes / 2 / (Math.max(1, workers) + 2) / 1_048_576;
  return Math.round(Math.min(2048, Math.max(96, share)));
}

function readLimit(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
