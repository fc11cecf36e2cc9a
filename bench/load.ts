/** Runs the load generator (bench/c/load.c) against one port and reads what it prints. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface LoadRequest {
  /** As it goes out, ASCII. */
  readonly text: string;
  /** Length of the answer's body. */
  readonly expected: number;
  /** For TLS. */
  readonly serverName: string;
}

export interface LoadOptions {
  readonly port: number;
  /** Made by writeRequests. */
  readonly requests: string;
  readonly connections: number;
  readonly seconds: number;
  /** Requests a second; absent: each connection asks as soon as it has its answer. */
  readonly rate?: number;
  readonly tls?: boolean;
  readonly onePerConnection?: boolean;
}

/** Latencies in microseconds. */
export interface Load {
  readonly requests: number;
  readonly seconds: number;
  /** Opened. */
  readonly connections: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  readonly errors: {
    readonly status: number;
    readonly length: number;
    readonly body: number;
    readonly transport: number;
    readonly unanswered: number;
  };
  /** Requests that were sent but neither answered nor counted: what a generator cuts off at the end. Absent: none. */
  readonly cutOff?: number;
}

/** @throws what the load generator complains of, e.g. that nobody listens */
export async function runLoad(tool: string, core: number, options: LoadOptions): Promise<Load> {
  const { port, requests, connections, seconds, rate } = options;
  const args = ['-p', `${port}`, '-f', requests, '-c', `${connections}`, '-d', `${seconds}`];
  if (rate !== undefined) args.push('-r', `${rate}`);
  if (options.tls === true) args.push('-t');
  if (options.onePerConnection === true) args.push('-x');
  const { stdout } = await promisify(execFile)('taskset', ['-c', `${core}`, tool, ...args], {
    timeout: (seconds + 20) * 1000,
  });
  return JSON.parse(stdout) as Load;
}

export async function writeRequests(path: string, requests: readonly LoadRequest[]): Promise<void> {
  await writeFile(
    path,
    requests.map(({ text, expected, serverName }) => `${text.length} ${expected} ${serverName}\n${text}`).join(''),
    'latin1',
  );
}

export function errorsOf({ errors }: Load): number {
  return errors.status + errors.length + errors.body + errors.transport + errors.unanswered;
}
