/** The real process: exit codes, signals, and traffic, in threads and in one. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { freePorts } from '../pkg/testkit/ports.ts';

const program = fileURLToPath(new URL('./gateway.ts', import.meta.url));
const children: ChildProcess[] = [];
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gateway-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

interface Process {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  readonly output: { stdout: string; stderr: string };
}

function run(argv: readonly string[], env: Record<string, string> = {}): Process {
  const child = spawn(process.execPath, [program, ...argv], { env: { PATH: process.env['PATH'], ...env } });
  children.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes: Buffer) => (output.stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (output.stderr += bytes.toString()));
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once('close', (code) => resolve(code));
  return { child, exit: promise, output };
}

const manifests = (body: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: suuupra }
spec: { controllerName: gateway.suuupra.io/controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public }
spec:
  gatewayClassName: suuupra
  listeners: [{ name: http, port: 80, protocol: HTTP }]
---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayRoute
metadata: { name: hello }
spec:
  parentRefs: [{ name: public }]
  rules:
    - filters:
        - type: DirectResponse
          directResponse: { statusCode: 200, contentType: text/plain, body: ${body} }
`;

interface Gateway extends Process {
  readonly port: number;
  readonly admin: number;
}

/** Resolves when it is ready. */
async function start(...argv: readonly string[]): Promise<Gateway> {
  writeFileSync(join(folder, 'all.yaml'), manifests('one'));
  const [port = 0, admin = 0] = await freePorts(2);
  const ports = ['--port-map', `80:${port}`, '--admin-address', `127.0.0.1:${admin}`];
  const gateway = { ...run(['--directory', folder, '--drain-delay', '0', ...ports, ...argv]), port, admin };
  await until(async () => (await fetch(`http://127.0.0.1:${admin}/readyz`)).ok);
  return gateway;
}

/** Until it holds; the test's own time limit ends the wait. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition().catch(() => false))) {
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, 20);
    await promise;
  }
}

const get = async ({ port }: Gateway) =>
  (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text();

describe('what ends at once', () => {
  test.each<[string[], Record<string, string>, number, RegExp]>([
    [['--version'], {}, 0, /^suuupra-gateway \d+\.\d+\.\d+\n$/],
    [['--help'], {}, 0, /^Usage: suuupra-gateway/],
    [['--directroy', 'x'], {}, 2, /^suuupra-gateway: --directroy is not an option; did you mean --directory\?\n$/],
    [[], { SUUUPRA_WORKERS: 'x' }, 2, /^suuupra-gateway: SUUUPRA_WORKERS: "x" is not valid; write a number/],
    [
      [],
      { HOME: '/nonexistent', KUBECONFIG: '' },
      2,
      /^suuupra-gateway: --directory is missing, and there is no cluster/,
    ],
    [['--directory', '/nonexistent'], {}, 2, /^suuupra-gateway: --directory: \/nonexistent does not exist\n$/],
    [
      ['--directory', '.', '--access-log', '/nonexistent/log'],
      {},
      1,
      /^suuupra-gateway: --access-log cannot be opened: ENOENT/,
    ],
  ])('%j with %j ends with %i', async (argv, env, code, text) => {
    const { exit, output } = run(argv, env);
    expect(await exit).toBe(code);
    expect(output.stdout + output.stderr).toMatch(text);
  });

  test('an admin address that is taken ends it with 1 and one line', async () => {
    const { admin } = await start('--workers', '0');
    const { exit, output } = run(['--directory', folder, '--admin-address', `127.0.0.1:${admin}`]);
    expect(await exit).toBe(1);
    expect(output.stderr).toMatch(
      /^suuupra-gateway: --admin-address cannot be bound: .*EADDRINUSE.*; choose another or off\n$/,
    );
  });
});

describe.each(['0', '1'])('with --observe and --workers=%s', (workers) => {
  test('it is ready, tells what it would serve, and serves nothing', async () => {
    const gateway = await start('--workers', workers, '--observe', '--log-format', 'json');
    await expect(get(gateway)).rejects.toThrow('fetch failed');
    const routes = await (await fetch(`http://127.0.0.1:${gateway.admin}/debug/routes`)).json();
    expect(routes).toMatchObject({ routes: [{ host: '*', path: '/*' }] });
    await until(() => Promise.resolve(gateway.output.stderr.includes('observing only')));
    expect(gateway.output.stderr).toMatch(/"routes":1,"refusedRules":0,"objectsWithProblems":0/);
    gateway.child.kill('SIGTERM');
    expect(await gateway.exit).toBe(0);
  });
});

describe.each(['0', '2'])('with --workers=%s', (workers) => {
  test('it serves, follows an edit, and drains on SIGTERM', async () => {
    const gateway = await start('--workers', workers);
    expect(await get(gateway)).toBe('one');
    writeFileSync(join(folder, 'all.yaml'), manifests('two'));
    await until(async () => (await get(gateway)) === 'two');
    const config = (await (await fetch(`http://127.0.0.1:${gateway.admin}/debug/config`)).json()) as object;
    expect(config).toMatchObject({ ir: { routes: { 'GatewayRoute/default/hello': {} } } });
    gateway.child.kill('SIGTERM');
    expect(await gateway.exit).toBe(0);
    expect(gateway.output.stderr).toMatch(/Listening on \*:\d+ \(HTTP\) for default\/public\/http/);
    expect(gateway.output.stdout.split('\n').filter((line) => line.includes('"status":200')).length).toBeGreaterThan(1);
  });

  test('a second signal ends it while it still drains', async () => {
    const gateway = await start('--workers', workers, '--drain-delay', '1m');
    gateway.child.kill('SIGTERM');
    await until(async () => (await (await fetch(`http://127.0.0.1:${gateway.admin}/readyz`)).text()) === 'draining\n');
    expect(await get(gateway)).toBe('one');
    gateway.child.kill('SIGTERM');
    expect(await gateway.exit).toBe(143);
  });

  test('SIGINT does not wait for load balancers, and an idle connection holds nothing up', async () => {
    const gateway = await start('--workers', workers, '--drain-delay', '1m', '--drain-timeout', '1m');
    const idle = connect(gateway.port, '127.0.0.1');
    idle.on('error', () => undefined);
    const { promise, resolve } = Promise.withResolvers<void>();
    idle.once('connect', resolve);
    await promise;
    gateway.child.kill('SIGINT');
    expect(await gateway.exit).toBe(0);
    idle.destroy();
  });

  test('SIGHUP opens the access log anew', async () => {
    const log = join(folder, 'access.log');
    const gateway = await start('--workers', workers, '--access-log', log);
    await get(gateway);
    await until(async () => readFileSync(log, 'utf8').includes('"status":200'));
    renameSync(log, `${log}.1`);
    gateway.child.kill('SIGHUP');
    await until(async () => readFileSync(log, 'utf8') === '');
    await get(gateway);
    await until(async () => readFileSync(log, 'utf8').includes('"status":200'));
    expect(readFileSync(`${log}.1`, 'utf8').trimEnd().split('\n')).toHaveLength(1);
  });

  test.each([
    ['away', false],
    ['empty, as a failed mount is', true],
  ])('it starts from the last known good while the directory is %s, and says so', async (_, exists) => {
    const saved = join(folder, 'saved.json');
    const first = await start('--workers', workers, '--last-known-good', saved);
    first.child.kill('SIGTERM');
    expect(await first.exit).toBe(0);
    expect(first.output.stdout).not.toContain('Error');
    const ports = ['--port-map', `80:${first.port}`, '--admin-address', `127.0.0.1:${first.admin}`];
    if (exists) mkdirSync(join(folder, 'away'));
    const away = [
      '--directory',
      join(folder, 'away'),
      '--last-known-good',
      saved,
      '--drain-delay',
      '0',
      '--workers',
      workers,
    ];
    const second = { ...first, ...run([...away, ...ports]) };
    await until(async () =>
      (await (await fetch(`http://127.0.0.1:${first.admin}/readyz`)).text()).startsWith('degraded'),
    );
    expect(await get(second)).toBe('one');
    second.child.kill('SIGTERM');
    expect(await second.exit).toBe(0);
  });
});
