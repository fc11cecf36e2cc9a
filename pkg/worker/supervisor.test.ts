/** The supervisor with real threads: whatever ends one of them, the others serve on and it comes back with the configuration. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { loadConfig } from '../config/config.ts';
import { freePorts } from '../testkit/ports.ts';
import type { Gateway } from './gateway.ts';
import { supervise } from './supervisor.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Running {
  readonly gateway: Gateway;
  readonly port: number;
  readonly admin: number;
  readonly printed: Promise<string>;
  readonly prints: readonly string[];
  /** Body of the answer, or null if the connection ended without one. */
  ask(path: string): Promise<string | null>;
  /** Status and body. */
  adminAsk(path: string): Promise<readonly [number, string]>;
}

async function start({ port = 0, workers = 2, services = './services-thread.ts' } = {}): Promise<Running> {
  const [any = 0, admin = 0] = await freePorts(2);
  const free = port === 0 ? any : port;
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'ir.json');
  writeFileSync(file, JSON.stringify(irOf(free)));
  const argv = [
    '--directory',
    file,
    '--admin-address',
    `127.0.0.1:${admin}`,
    '--access-log',
    'off',
    '--log-level',
    'fatal',
  ];
  const loaded = loadConfig({ argv, env: {}, readFile: () => '' });
  if (loaded.kind !== 'config') throw new Error(JSON.stringify(loaded));
  const printed = Promise.withResolvers<string>();
  const prints: string[] = [];
  const gateway = await supervise({
    config: loaded.config,
    logFormat: 'json',
    workers,
    heapLimit: 32,
    descriptors: 0,
    patience: 3,
    retryEvery: 100,
    entries: {
      worker: new URL('./testdata/toy-worker.ts', import.meta.url),
      controller: new URL('./testdata/toy-controller.ts', import.meta.url),
      services: new URL(services, import.meta.url),
    },
    print(text) {
      prints.push(text);
      printed.resolve(text);
    },
  });
  cleanups.push(() => gateway.drain(0));
  return {
    gateway,
    port: free,
    admin,
    printed: printed.promise,
    prints,
    ask: (path) => ask(free, path),
    async adminAsk(path) {
      const response = await fetch(`http://127.0.0.1:${admin}${path}`);
      return [response.status, await response.text()];
    },
  };
}

function irOf(port: number): object {
  const sockets = { one: { address: '127.0.0.1', port, protocol: 'HTTP', tiers: [] } };
  const egress = { allowLoopback: false, deniedCIDRs: ['192.0.2.0/24'], allowedHostnames: [] };
  const settings = { default: { egress, accessLog: { fields: [], sampling: 1, redact: [] } } };
  return {
    settings,
    sockets,
    listeners: {},
    routes: {},
    filters: {},
    clusters: {},
    certificates: {},
    authorities: {},
    policies: {},
    secrets: {},
  };
}

function ask(port: number, path: string): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  let text = '';
  const socket = connect(port, '127.0.0.1', () => socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`));
  socket.on('data', (bytes) => (text += bytes.toString('latin1')));
  socket.on('error', () => undefined);
  socket.on('close', () => resolve(text.includes('\r\n\r\n') ? (text.split('\r\n\r\n')[1] ?? '') : null));
  return promise;
}

/** Until it holds; the test's own time limit ends the wait. */
async function until<T>(condition: () => Promise<T | false>): Promise<T> {
  for (;;) {
    const result = await condition().catch(() => false as const);
    if (result !== false) return result;
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, 20);
    await promise;
  }
}

/** Threads that answer, after asking often enough to meet both. */
async function threads(running: Running): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  for (let i = 0; i < 40; i++) {
    const thread = await running.ask('/');
    if (thread !== null) seen.add(thread);
  }
  return seen;
}

const restarted = (running: Running, count: number) =>
  until(async () => {
    const [, text] = await running.adminAsk('/metrics');
    return (
      text.includes(`suuupra_thread_restarts_total{thread="worker"} ${count}\n`) && ((await running.ask('/')) ?? false)
    );
  });

describe('the supervisor', () => {
  test('is ready once every worker serves, says so, and passes questions to the controller', async () => {
    const running = await start();
    expect(await running.printed).toBe('{}');
    expect(await running.adminAsk('/readyz')).toEqual([200, 'ok\n']);
    expect(await running.adminAsk('/debug/routes')).toEqual([200, '"routes"']);
    expect((await threads(running)).size).toBe(2);
  });

  test.each(['/throw', '/heap'])('replaces a worker that ends by %s, while the other serves', async (path) => {
    const running = await start();
    await running.printed;
    const before = await threads(running);
    expect(await running.ask(path)).toBeNull();
    await restarted(running, 1);
    const after = await until(async () => {
      const now = await threads(running);
      return now.size === 2 && now;
    });
    expect([...after].filter((thread) => before.has(thread))).toHaveLength(1);
    expect(await running.adminAsk('/readyz')).toEqual([200, 'ok\n']);
  });

  test('replaces a worker that hangs', async () => {
    const running = await start({ workers: 1 });
    await running.printed;
    await until(async () => /heap_bytes\{worker="worker-1"\} [1-9]/.test((await running.adminAsk('/metrics'))[1]));
    expect(await running.ask('/spin')).toBeNull();
    expect(await restarted(running, 1)).not.toBeNull();
  });

  test('refuses an address that another process shares out, and says why', async () => {
    const [port = 0] = await freePorts(1);
    const other = createServer();
    const { promise, resolve } = Promise.withResolvers<void>();
    other.listen({ port, host: '127.0.0.1', reusePort: true }, resolve);
    await promise;
    cleanups.push(() => other.close());
    const running = await start({ port });
    expect(JSON.parse(await running.printed)).toEqual({
      one: `EADDRINUSE: address already in use 127.0.0.1:${port}`,
    });
    expect(await running.adminAsk('/readyz')).toEqual([200, 'ok\n']);
  });

  test('replaces the services: metrics have their labels again, and readiness is known', async () => {
    const running = await start({ services: './testdata/mortal-services.ts' });
    await running.printed;
    const beats = 'suuupra_tunnels_total 0\n';
    expect((await running.adminAsk('/metrics'))[1]).toContain(beats);
    running.gateway.reopenLogs();
    await until(async () => {
      const [, text] = await running.adminAsk('/metrics');
      return text.includes('suuupra_thread_restarts_total{thread="services"} 1\n') && text.includes(beats);
    });
    expect(await running.adminAsk('/readyz')).toEqual([200, 'ok\n']);
    expect((await threads(running)).size).toBe(2);
  });

  test('connects workers and services anew when either was replaced', async () => {
    const running = await start({ workers: 1, services: './testdata/mortal-services.ts' });
    await running.printed;
    const value = (await running.ask('/watch')) ?? '';
    expect(value).toMatch(/^\d+ 1 192\.0\.2\.0\/24 after -$/);
    expect(await running.ask('/ask')).toBe('true');

    expect(await running.ask('/throw')).toBeNull();
    await restarted(running, 1);
    // It finds the value that its predecessor had: nothing was started anew.
    expect(await running.ask('/watch')).toBe(value);

    running.gateway.reopenLogs();
    const next = await until(async () => {
      const now = await running.ask('/value');
      return now !== null && now !== value && now;
    });
    expect(next.replace(/^\d+ /, '')).toBe(`1 192.0.2.0/24 after ${value}`);
    expect(await running.ask('/ask')).toBe('true');
  });

  test('takes an address as soon as it is free', async () => {
    const [port = 0] = await freePorts(1);
    const other = createServer();
    const listening = Promise.withResolvers<void>();
    other.listen({ port, host: '127.0.0.1' }, listening.resolve);
    await listening.promise;
    const running = await start({ port });
    expect(JSON.parse(await running.printed)).toHaveProperty('one');
    const gone = Promise.withResolvers<void>();
    other.close(() => gone.resolve());
    await gone.promise;
    await until(async () => (await threads(running)).size === 2);
    expect(await running.ask('/')).not.toBeNull();
  });

  test('ends in order', async () => {
    const running = await start();
    await running.printed;
    await running.gateway.drain(0);
    await running.gateway.ended;
    expect(await running.ask('/')).toBeNull();
    // The controller is told at once, for it tells those who send traffic.
    expect(running.prints.slice(1)).toEqual(['drain', 'close']);
  });

  test('does not start where the admin address is taken', async () => {
    const running = await start();
    const loaded = loadConfig({ argv: ['--admin-address', `127.0.0.1:${running.admin}`], env: {}, readFile: () => '' });
    if (loaded.kind !== 'config') throw new Error('the configuration is wrong');
    const nothing = new URL('./testdata/toy-controller.ts', import.meta.url);
    await expect(
      supervise({
        config: loaded.config,
        logFormat: 'json',
        workers: 1,
        heapLimit: 0,
        descriptors: 0,
        entries: { worker: nothing, controller: nothing, services: new URL('./services-thread.ts', import.meta.url) },
        print: () => undefined,
      }),
    ).rejects.toThrow(/--admin-address cannot be bound: listen EADDRINUSE.*choose another or off/);
  });
});
