/** A real Redis server for tests, which can be paused, killed and started anew on its port. `scripts/redis.sh` brings the binary. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { freePorts } from './ports.ts';
import { until } from './until.ts';

export interface RedisServer {
  readonly port: number;
  /** `redis://127.0.0.1:port/0` */
  readonly url: string;
  /** Nothing is answered from now on; connections stay open. */
  pause(): void;
  resume(): void;
  kill(): Promise<void>;
  /** After `kill`: on the same port, with nothing in it. */
  start(): Promise<void>;
}

/** @param args options of redis-server, such as `--requirepass`; with `--tls-port` there is no plain port */
export async function startRedis(...args: readonly string[]): Promise<RedisServer> {
  const [port = 0] = await freePorts(1);
  const plain = args.includes('--tls-port') ? ['--port', '0'] : ['--port', `${port}`];
  const all = [...plain, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', tmpdir(), ...args].map(
    (arg) => (arg === '{port}' ? `${port}` : arg),
  );
  let process: ChildProcess | null = null;

  async function start(): Promise<void> {
    const child = spawn('redis-server', all, { stdio: ['ignore', 'ignore', 'inherit'] });
    process = child;
    const failure = Promise.withResolvers<never>();
    child.once('error', (error) =>
      failure.reject(new Error(`redis-server cannot be started (${error.message}); run scripts/redis.sh`)),
    );
    child.once('exit', (code) => failure.reject(new Error(`redis-server ended with ${code}`)));
    failure.promise.catch(() => undefined);
    await Promise.race([until(() => listens(port)), failure.promise]);
  }

  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}/0`,
    pause: () => void process?.kill('SIGSTOP'),
    resume: () => void process?.kill('SIGCONT'),
    async kill() {
      if (process === null || process.exitCode !== null || process.signalCode !== null) return;
      const ended = once(process, 'exit');
      process.kill('SIGKILL');
      await ended;
    },
    start,
  };
}

function listens(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, '127.0.0.1');
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}
