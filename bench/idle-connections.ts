/** Runs the C tool that opens connections, makes one request on each, and holds them (bench/c/idle.c). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface HeldConnections {
  /** Whose request was answered with 200. */
  readonly count: number;
  /** @returns how many were still open when they were let go */
  release(): Promise<number>;
}

export interface HoldOptions {
  readonly core: number;
  readonly port: number;
  /** Made by writeRequests. */
  readonly requests: string;
  readonly connections: number;
}

/** Resolves once all of them are there. */
export async function holdConnections(tool: string, options: HoldOptions): Promise<HeldConnections> {
  const { core, port, requests, connections } = options;
  const args = ['-c', `${core}`, tool, '-p', `${port}`, '-f', requests, '-c', `${connections}`];
  const child = spawn('taskset', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const number = async (): Promise<number> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${tool} ended without saying a number`);
    return Number(value);
  };
  const count = await number();
  return {
    count,
    async release() {
      const exited = once(child, 'exit');
      child.stdin.end();
      const open = await number();
      await exited;
      return open;
    },
  };
}
