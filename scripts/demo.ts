/**
 * `make run`: the gateway on examples/quickstart with its two demo origins. Prints curl lines that work when pasted, and goes on serving.
 * The lines are those of the example's README, which a test sends too.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startOrigin } from '../examples/origins.ts';
import { readTries, type Try } from '../test/examples/readme.ts';

const root = join(import.meta.dirname, '..');
const quickstart = join(root, 'examples/quickstart');
const admin = 'http://127.0.0.1:9901';

const origins = await Promise.all([startOrigin('orders', 3001), startOrigin('catalog', 3002)]).catch((error: Error) =>
  fail(`a demo origin could not start: ${error.message}; ports 3001 and 3002 must be free`),
);
const gateway = spawn(
  process.execPath,
  [join(root, 'cmd/gateway.ts'), '--directory', quickstart, '--port-map', '80:8080,443:8443', ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
// Signals of a terminal reach the child as well; those of a supervisor only us.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => gateway.kill(signal));
gateway.on('exit', (code, signal) => {
  for (const origin of origins) void origin.close();
  process.exitCode = code ?? (signal === null ? 1 : 0);
});

if (await ready()) {
  const tries = readTries(await readFile(join(quickstart, 'README.md'), 'utf8'));
  process.stdout.write(
    `\nTry:\n${tries.map((line) => `  ${curl(line)}\n`).join('')}\nEdit ${quickstart}: changes are live at once.\n`,
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

function curl({ method, url, headers }: Try): string {
  const port = url.protocol === 'https:' ? 8443 : 8080;
  const fields = Object.entries(headers).map(([name, value]) => ` -H '${name}: ${value}'`);
  const verb = method === 'GET' ? '' : ` -X ${method}`;
  return `curl -i --path-as-is${verb} -H 'host: ${url.hostname}'${fields.join('')} 'http://127.0.0.1:${port}${url.pathname}${url.search}'`;
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
