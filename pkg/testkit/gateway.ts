/** The gateway as its users run it: the real process on a directory of manifests. Used by the tests under `test/`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

export interface TestGateway {
  /** Where a listener of port 80 or 443 is bound. */
  port(listenerPort: 80 | 443): number;
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
  readonly args?: readonly string[];
}

export async function startGateway(directory: string, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const [http = 0, https = 0, adminPort = 0] = await freePorts(3);
  const admin = `http://127.0.0.1:${adminPort}`;
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, '../../cmd/gateway.ts'),
      `--directory=${directory}`,
      `--port-map=80:${http},443:${https}`,
      `--admin-address=127.0.0.1:${adminPort}`,
      `--workers=${options.workers ?? 0}`,
      '--access-log=off',
      '--drain-delay=0s',
      ...(options.args ?? []),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));

  async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await holds())) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the gateway ended:\n${text}`);
      await setTimeout(20);
    }
  }
  await until(async () => (await fetch(`${admin}/readyz`).catch(() => null))?.ok === true);

  return {
    port: (listenerPort) => (listenerPort === 80 ? http : https),
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

/** Ports nobody listens on now. Asked for together, so that they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
