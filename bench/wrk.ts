/** Load by wrk, for figures that anybody can repeat with a tool they know. It checks no bodies; the origin's counts and the status do. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Load, LoadRequest } from './load.ts';

export interface WrkOptions {
  readonly core: number;
  readonly port: number;
  /** Written by writeScript. */
  readonly script: string;
  readonly connections: number;
  readonly seconds: number;
}

/** @throws if wrk prints something else than it should */
export async function runWrk({ core, port, script, connections, seconds }: WrkOptions): Promise<Load> {
  // wrk knows whole seconds only.
  const duration = Math.max(1, Math.round(seconds));
  const args = ['-t1', `-c${connections}`, `-d${duration}s`, '--latency', '-s', script, `http://127.0.0.1:${port}`];
  const { stdout } = await promisify(execFile)('taskset', ['-c', `${core}`, 'wrk', ...args], {
    timeout: (duration + 20) * 1000,
  });
  return { ...parseWrk(stdout), connections, cutOff: connections };
}

/** Sends the requests in turn, made before the run: handing one out costs a table look-up. */
export async function writeScript(path: string, requests: readonly LoadRequest[]): Promise<void> {
  const list = requests.map(({ text }) => `  ${luaString(text)},\n`).join('');
  const turn = 'local at = 0\nrequest = function()\n  at = at % #requests + 1\n  return requests[at]\nend\n';
  await writeFile(path, `local requests = {\n${list}}\n${turn}`);
}

function luaString(text: string): string {
  // JSON's escapes of ASCII text are Lua's.
  return JSON.stringify(text);
}

/** Reads the end of what `wrk --latency` prints. */
export function parseWrk(output: string): Omit<Load, 'connections' | 'cutOff'> {
  const summary = /(\d+) requests in ([\d.]+)(ms|s|m),/.exec(output);
  if (summary === null) throw new Error(`wrk printed no summary: ${output.trim().slice(-200)}`);
  const percentile = (share: number): number => {
    const [, value, unit = 'us'] = new RegExp(`^\\s+${share}%\\s+([\\d.]+)(us|ms|s|m)`, 'm').exec(output) ?? [];
    return Number(value) * (micros[unit] ?? Number.NaN);
  };
  const failures = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output);
  const [connect = 0, read = 0, write = 0, timeout = 0] = failures?.slice(1).map(Number) ?? [];
  return {
    requests: Number(summary[1]),
    seconds: (Number(summary[2]) * (micros[summary[3] ?? 's'] ?? Number.NaN)) / 1e6,
    p50: percentile(50),
    p90: percentile(90),
    p99: percentile(99),
    max: Number.NaN,
    errors: {
      status: Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0),
      length: 0,
      body: 0,
      transport: connect + read + write,
      unanswered: timeout,
    },
  };
}

const micros: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1e6, m: 60e6 };
