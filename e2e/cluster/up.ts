/** `make cluster-up`: a Kubernetes of one node (NODES=2 for two) in namespaces of this machine; one that runs is used again. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { obstacle } from './able.ts';
import { buildBinaries } from './build.ts';
import { helmBinary } from './helm.ts';
import { here } from './inputs.ts';
import { makeKeys } from './keys.ts';
import { clusterNode, layout } from './layout.ts';
import { machinePid, makeMachine, removeMachine } from './machine.ts';
import { cgroupRoot, writeSettings } from './settings.ts';

const at = layout();
const nodes = Array.from({ length: Number(process.env['NODES'] ?? 1) }, (_, i) => clusterNode(i + 1));
try {
  await main();
} catch (error) {
  process.stderr.write(`cluster-up: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const reason = obstacle();
  if (reason !== undefined) throw new Error(reason);
  buildBinaries();
  const release = lock(`${at.folder}.lock`);
  try {
    if (machinePid(at) !== undefined && healthy()) {
      process.stdout.write('the cluster that runs is used again\n');
    } else {
      await start();
    }
  } finally {
    release();
  }
  process.stdout.write(`KUBECONFIG=${at.kubeconfig} (inside: make cluster-exec CMD='kubectl get nodes')\n`);
}

async function start(): Promise<void> {
  const from = performance.now();
  await removeMachine(at);
  for (const folder of [at.settings, at.logs, join(at.folder, 'bin')]) mkdirSync(folder, { recursive: true });
  makeKeys(at, nodes);
  for (const node of nodes) writeSettings(at, node);
  symlinkSync(join(at.binaries, 'kube'), join(at.folder, 'bin/kubectl'));
  symlinkSync(join(at.binaries, 'node/ctr'), join(at.folder, 'bin/ctr'));
  symlinkSync(helmBinary(), join(at.folder, 'bin/helm'));
  try {
    await makeMachine(
      at,
      nodes.map((node) => cgroupRoot(at, node)),
    );
    const { status } = spawnSync(join(here, 'exec.sh'), [process.execPath, join(here, 'inside.ts')], {
      stdio: 'inherit',
    });
    if (status !== 0) throw new Error('the cluster did not start');
  } catch (error) {
    await removeMachine(at, true);
    process.stderr.write(`logs are kept until the next start: ${at.logs}\n`);
    throw error;
  }
  writeFileSync(join(at.folder, 'started'), '');
  process.stdout.write(`the cluster is up after ${((performance.now() - from) / 1000).toFixed(1)} s\n`);
}

/** Its start was not interrupted, it answers, and has as many nodes as are asked for. */
function healthy(): boolean {
  if (!existsSync(join(at.folder, 'started'))) return false;
  if (nodes.some(({ name }) => !existsSync(join(at.settings, name)))) return false;
  const ready = spawnSync(join(here, 'exec.sh'), ['kubectl', 'get', '--raw', '/readyz'], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  return ready.stdout === 'ok';
}

/** @throws while another process starts the same cluster */
function lock(file: string): () => void {
  for (let tries = 0; tries < 2; tries++) {
    try {
      const handle = openSync(file, 'wx');
      writeFileSync(handle, String(process.pid));
      closeSync(handle);
      return () => rmSync(file, { force: true });
    } catch (error) {
      const owner = Number(readFileSync(file, 'utf8'));
      if (isRunning(owner)) throw new Error(`process ${owner} works on this cluster (${file})`, { cause: error });
      rmSync(file, { force: true });
    }
  }
  throw new Error(`${file} cannot be made`);
}

function isRunning(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}
