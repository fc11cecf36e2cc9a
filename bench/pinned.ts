/** A process on one core: proxies and the origin. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

export interface Pinned {
  readonly pid: number;
  readonly alive: boolean;
  /** Rejects with the end of what the process wrote if it ends by itself. */
  readonly died: Promise<never>;
  stop(): Promise<void>;
}

export interface PinnedOptions {
  readonly core: number;
  readonly command: string;
  readonly args: readonly string[];
  /** Take stdout and stderr, appended. */
  readonly stdout: string;
  readonly stderr: string;
  /** What ends it without a delay. Default SIGTERM. */
  readonly signal?: NodeJS.Signals;
}

/** How long a process may take to end before it is killed, in milliseconds. */
const Patience = 4000;

export function startPinned({ core, command, args, stdout, stderr, signal = 'SIGTERM' }: PinnedOptions): Pinned {
  const out = openSync(stdout, 'a');
  const err = openSync(stderr, 'a');
  // Whatever ends this process, SIGKILL too, the other ends with it.
  const wrapped = ['--pdeathsig', signal, 'taskset', '-c', `${core}`, command, ...args];
  const child = spawn('setpriv', wrapped, { stdio: ['ignore', out, err] });
  closeSync(out);
  closeSync(err);
  let stopping = false;
  const exited = once(child, 'exit');
  const died = exited.then(async ([code]) => {
    if (stopping) return new Promise<never>(() => undefined);
    const text = await readFile(stderr, 'utf8');
    throw new Error(`${command} ended with ${String(code)}: ${text.trim().split('\n').slice(-3).join(' | ')}`);
  });
  died.catch(() => undefined);
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid!,
    get alive() {
      return isAlive();
    },
    died,
    async stop() {
      stopping = true;
      if (!isAlive()) return;
      child.kill(signal);
      const late = new AbortController();
      await Promise.race([exited, setTimeout(Patience, undefined, { signal: late.signal }).catch(() => undefined)]);
      late.abort();
      if (!isAlive()) return;
      child.kill('SIGKILL');
      await exited;
    },
  };
}
