/**
 * `make run`: the gateway on an example with the demo origins, and its server if it has one. Prints curl lines that work when pasted, and goes on
 * serving. The lines are those of the example's README, which a test sends too. Arguments: the example, then flags of the gateway.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startOrigin } from '../examples/origins.ts';
import type { ExampleServer } from '../examples/server.ts';
import { readTries, type Try } from '../test/examples/readme.ts';

const root = join(import.meta.dirname, '..');
const [example = 'quickstart', ...flags] = process.argv.slice(2);
const directory = join(root, 'examples', example);
if (!existsSync(join(directory, 'README.md')))
  fail(`there is no example ${example}; they are the folders of examples/`);
const admin = 'http://127.0.0.1:9901';

const origins = await Promise.all([
  startOrigin('orders', 3001),
  startOrigin('catalog', 3002),
  ...startServer(join(directory, 'server.ts')),
]).catch((error: Error) => fail(`a demo origin could not start: ${error.message}; ports 3001 to 3003 must be free`));
const gateway = spawn(
  process.execPath,
  [join(root, 'cmd/gateway.ts'), '--directory', directory, '--port-map', '80:8080,443:8443', ...flags],
  { stdio: 'inherit' },
);
// Signals of a terminal reach the child as well; those of a supervisor only us.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => gateway.kill(signal));
gateway.on('exit', (code, signal) => {
  for (const origin of origins) void origin.close();
  process.exitCode = code ?? (signal === null ? 1 : 0);
});

if (await ready()) {
  const tries = readTries(await readFile(join(directory, 'README.md'), 'utf8'));
  process.stdout.write(
    `\nTry:\n${tries.map((line) => `  ${curl(line)}\n`).join('')}\nEdit ${directory}: changes are live at once.\n`,
  );
}

async function ready(): Promise<boolean> {
  while (gateway.exitCode === null && gateway.signalCode === null) {
    const response = await fetch(`${admin}/readyz`).catch(() => null);
    if (response?.ok) return true;
    await setTimeout(50);
  }
  return false;
}

function* startServer(file: string): Generator<Promise<ExampleServer>> {
  if (!existsSync(file)) return;
  const module = import(file) as Promise<{ startServer(port: number): Promise<ExampleServer> }>;
  yield module.then((server) => server.startServer(3003));
}

function curl({ method, url, certificate, headers, body }: Try): string {
  // The certificates of examples are self-signed.
  const [flags, port] = url.protocol === 'https:' ? ['-ik', 8443] : ['-i', 8080];
  const upgrade: Readonly<Record<string, string>> = headers['upgrade'] === undefined ? {} : { connection: 'upgrade' };
  const parts = [
    `curl ${flags} --path-as-is --connect-to ::127.0.0.1:${port}`,
    ...(method === 'GET' ? [] : [`-X ${method}`]),
    ...(certificate === undefined ? [] : [`--cert examples/${example}/${certificate}`]),
    ...Object.entries({ ...headers, ...upgrade }).map(([name, value]) => `-H '${name}: ${value}'`),
    ...(body === '' ? [] : [`-d '${body}'`]),
    `'${url.href}'`,
  ];
  return parts.join(' ');
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
