/** The gateway as its users run it: the real process on a directory of manifests. Used by the tests under `test/`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePorts } from './ports.ts';

export interface TestGateway {
  /** Where a listener of port 80, 443 or one of `ports` is bound. */
  port(listenerPort: number): number;
  /** `http://127.0.0.1:PORT` of the admin endpoints. */
  readonly admin: string;
  readonly process: ChildProcess;
  /** All that was written to stderr so far. */
  stderr(): string;
  /** Resolves when `condition` holds for what stderr says. */
  said(condition: RegExp): Promise<void>;
  /** Body of an admin page. */
  page(path: string): Promise<string>;
  /** Sends SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

export interface TestGatewayOptions {
  /** 0: all in one thread, which starts fastest. */
  readonly workers?: number;
  /** Ports of listeners beside 80 and 443. */
  readonly ports?: readonly number[];
  /** Of two flags of one name the later holds. */
  readonly args?: readonly string[];
  /** `pipe`: the test reads `process.stdout` itself; a number: a descriptor. Default: nobody reads it. */
  readonly stdout?: 'ignore' | 'pipe' | number;
  /** A command that execs the arguments behind it, such as `['nice']`: the process must stay the one that was started. */
  readonly through?: readonly string[];
}

export async function startGateway(directory: string, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const listenerPorts = [80, 443, ...(options.ports ?? [])];
  const [adminPort = 0, ...bound] = await freePorts(1 + listenerPorts.length);
  const portOf = new Map(listenerPorts.map((port, i) => [port, bound[i] ?? 0]));
  const admin = `http://127.0.0.1:${adminPort}`;
  const [command, ...argv] = [...(options.through ?? []), process.execPath];
  const child = spawn(
    command,
    [
      ...argv,
      join(import.meta.dirname, '../../cmd/gateway.ts'),
      `--directory=${directory}`,
      `--port-map=${[...portOf].map((pair) => pair.join(':')).join(',')}`,
      `--admin-address=127.0.0.1:${adminPort}`,
      `--workers=${options.workers ?? 0}`,
      '--access-log=off',
      '--drain-delay=0s',
      ...(options.args ?? []),
    ],
    { stdio: ['ignore', options.stdout ?? 'ignore', 'pipe'] },
  );
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));

  async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await holds())) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the gateway ended:\n${text}`);
      await setTimeout(20);
    }
  }
  await until(async () => (await fetch(`${admin}/readyz`).catch(() => null))?.ok === true);

  return {
    port(listenerPort) {
      const port = portOf.get(listenerPort);
      if (port === undefined) throw new Error(`the test names no port ${listenerPort}`);
      return port;
    },
    admin,
    process: child,
    stderr: () => text,
    said: (condition) => until(() => condition.test(text)),
    page: async (path) => (await fetch(`${admin}${path}`)).text(),
    async stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}
