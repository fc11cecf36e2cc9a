/** Whether the test cluster can run on this machine at all: asked before minutes of compiling. `make cluster-able` prints why not. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';

export const Cgroups = '/sys/fs/cgroup';
const elsewhere = 'run `make e2e` on another cluster by KUBECONFIG=FILE, or on one of `make kind-up`';

/** @returns what stands in the way, in words for whoever runs it; undefined if nothing does */
export function obstacle(): string | undefined {
  const found = checks.find(({ holds }) => !holds());
  return found === undefined ? undefined : `the test cluster needs ${found.need}; ${elsewhere}`;
}

const checks: readonly { readonly need: string; readonly holds: () => boolean }[] = [
  { need: 'Linux', holds: () => process.platform === 'linux' },
  { need: 'root: it makes namespaces and cgroups', holds: () => process.getuid?.() === 0 },
  {
    need: 'the right to make namespaces and to mount in them (unshare; a privileged container has it)',
    holds: () => succeeds('unshare', ...namespaces, 'mount', '-t', 'tmpfs', 'tmpfs', '/run'),
  },
  { need: 'cgroup v1; it does not know v2', holds: () => !existsSync(join(Cgroups, 'cgroup.controllers')) },
  { need: `${Cgroups} that can be written`, holds: () => isWritable(join(Cgroups, 'memory')) },
  { need: 'Go 1.26 or later, which compiles it', holds: () => succeeds('go', 'version') },
];

/** Those that the machine is made of, as options of unshare. */
export const namespaces = ['--net', '--mount', '--pid', '--ipc', '--uts', '--fork', '--mount-proc'] as const;

function succeeds(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

if (process.argv[1] === import.meta.filename) {
  const reason = obstacle();
  process.stdout.write(`${reason ?? 'the test cluster can run here'}\n`);
  process.exitCode = reason === undefined ? 0 : 1;
}
