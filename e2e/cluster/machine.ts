/** The namespaces that a cluster lives in: made, found and removed from outside of them. Linux, root, cgroup v1. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cgroups, namespaces } from './able.ts';
import { here } from './inputs.ts';
import { clusterNode, type Layout, Network } from './layout.ts';

/** Pid of the first process, as the outside sees it; undefined if there is none. Pids are reused, so its command line is asked. */
export function machinePid(at: Layout): number | undefined {
  try {
    const pid = Number(readFileSync(at.pidFile, 'utf8'));
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(at.settings) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** @throws where it cannot be made; what can be known before is in `able.ts` */
export async function makeMachine(at: Layout, cgroupsInside: readonly string[]): Promise<void> {
  makeCgroups(cgroupsInside);
  const node = clusterNode(1);
  const log = openSync(join(at.logs, 'machine.log'), 'a');
  const script = [join(here, 'machine.sh'), join(at.settings, node.name), node.name, node.address, node.address6];
  const outer = spawn('unshare', [...namespaces, 'bash', ...script, Network.gateway, Network.gateway6], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
  });
  outer.unref();
  for (let tries = 0; tries < 200; tries++) {
    const pid = spawnSync('pgrep', ['-P', String(outer.pid)], { encoding: 'utf8' }).stdout.trim();
    if (pid !== '') {
      writeFileSync(at.pidFile, pid);
      if (machinePid(at) !== undefined && existsSync(`/proc/${pid}/root/run/ready-${node.name}`)) return;
    }
    if (outer.exitCode !== null) break;
    await sleep(50);
  }
  throw new Error(`the namespaces were not made:\n${readFileSync(join(at.logs, 'machine.log'), 'utf8')}`);
}

/** Nothing is left of it, but for its logs if somebody wants to read them; does nothing where there is nothing. */
export async function removeMachine(at: Layout, keepLogs = false): Promise<void> {
  const pid = machinePid(at);
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
  for (let tries = 0; tries < 200 && machinePid(at) !== undefined; tries++) await sleep(25);
  for (let tries = 0; tries < 100 && !removeCgroups(at); tries++) await sleep(50);
  for (const name of existsSync(at.folder) ? readdirSync(at.folder) : []) {
    if (!keepLogs || join(at.folder, name) !== at.logs) rmSync(join(at.folder, name), { recursive: true, force: true });
  }
  if (!keepLogs) rmSync(at.folder, { recursive: true, force: true });
}

function hierarchies(): string[] {
  return readdirSync(Cgroups, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}

function makeCgroups(inside: readonly string[]): void {
  const folders = hierarchies().flatMap((name) => inside.map((path) => join(Cgroups, name, path)));
  for (const folder of folders) {
    mkdirSync(folder, { recursive: true });
    // An empty set of processors holds no process.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const parent = join(dirname(folder), file);
      if (existsSync(parent) && existsSync(join(folder, file))) writeFileSync(join(folder, file), readFileSync(parent));
    }
  }
}

/** @returns whether all are gone */
function removeCgroups(at: Layout): boolean {
  const roots = hierarchies()
    .map((name) => join(Cgroups, name, at.name))
    .filter((folder) => existsSync(folder));
  if (roots.length === 0) return true;
  execFileSync('find', [...roots, '-depth', '-type', 'd', '-exec', 'rmdir', '--ignore-fail-on-non-empty', '{}', '+'], {
    stdio: 'ignore',
  });
  return roots.every((folder) => !existsSync(folder));
}
