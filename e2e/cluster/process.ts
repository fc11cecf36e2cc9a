/** Processes of the cluster, started from inside its namespaces; each has a log and a file with its pid, in which scenarios find it. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from './layout.ts';

/** @param key name of its log; @param enter pid whose node the process belongs to, if not the first's */
export function startProcess(at: Layout, key: string, command: readonly string[], enter?: number): void {
  const [file = '', ...args] = enter === undefined ? command : [...enterNode(enter), ...command];
  const log = openSync(join(at.logs, `${key}.log`), 'a');
  const child = spawn(file, args, {
    detached: true,
    cwd: '/',
    stdio: ['ignore', log, log],
    env: { ...process.env, PATH: `${join(at.binaries, 'node')}:${process.env['PATH'] ?? ''}` },
  });
  child.unref();
  mkdirSync(pids(at), { recursive: true });
  writeFileSync(join(pids(at), key), String(child.pid));
}

/** Words before a command that runs it on another node. */
export function enterNode(pid: number): string[] {
  return ['nsenter', '-t', String(pid), '--net', '--mount', '--uts', '--'];
}

/** Pid inside the namespaces. */
export function processPid(at: Layout, key: string): number {
  return Number(readFileSync(join(pids(at), key), 'utf8'));
}

/** @throws with the end of its log if the process has ended */
export function assertRunning(at: Layout, key: string): void {
  if (existsSync(`/proc/${processPid(at, key)}/exe`)) return;
  const log = readFileSync(join(at.logs, `${key}.log`), 'utf8');
  throw new Error(`${key} has ended:\n${log.slice(-3000)}`);
}

function pids(at: Layout): string {
  return join(at.folder, 'pids');
}
