/** CPU time of a process with all its threads and children, in nanoseconds, from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** By thread, so that a thread which ends takes only its own time with it. */
export type CpuTimes = ReadonlyMap<number, number>;

export interface CpuUse {
  readonly total: number;
  /** Of the thread that used most: the worker of a process with several threads. */
  readonly busiest: number;
}

export function cpuTimes(pid: number): CpuTimes {
  const times = new Map<number, number>();
  for (const process of processTree(pid)) {
    for (const thread of threadsOf(process)) {
      const text = read(`/proc/${process}/task/${thread}/schedstat`);
      if (text !== null) times.set(thread, Number(text.split(' ', 1)[0]));
    }
  }
  return times;
}

export function cpuUse(before: CpuTimes, after: CpuTimes): CpuUse {
  const used = [...after].map(([thread, time]) => time - (before.get(thread) ?? 0));
  return { total: used.reduce((sum, time) => sum + time, 0), busiest: Math.max(0, ...used) };
}

/** Nanoseconds in which a core was not idle, by /proc/stat, which counts in hundredths of a second. */
export function coreBusy(core: number): number {
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(read('/proc/stat') ?? '')?.[1] ?? '';
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(' ').map(Number);
  return (user + nice + system + irq + softirq + steal) * 1e7;
}

/** The process, its children, theirs, … */
export function processTree(pid: number): number[] {
  const children = threadsOf(pid).flatMap((thread) =>
    (read(`/proc/${pid}/task/${thread}/children`) ?? '').split(' ').filter((text) => text.trim() !== ''),
  );
  return [pid, ...children.flatMap((child) => processTree(Number(child)))];
}

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended meanwhile.
    return null;
  }
}
