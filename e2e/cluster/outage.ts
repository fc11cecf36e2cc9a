/**
 * The API server of a cluster that runs goes away and comes back, its history forgotten if that is asked for. From inside the namespaces: scenarios call
 * it; by hand it is `make cluster-exec CMD='node e2e/cluster/outage.ts stop'`, and `start`.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { askApiServer } from './apiserver.ts';
import { controlPlaneCommand } from './components.ts';
import { type Layout, layout } from './layout.ts';
import { assertRunning, processPid, startProcess } from './process.ts';

const Key = 'kube-apiserver';

/** As a machine that loses power: nobody is told, every connection breaks. */
export async function stopApiServer(at: Layout = layout()): Promise<void> {
  const pid = processPid(at, Key);
  if (existsSync(`/proc/${pid}/exe`)) process.kill(pid, 'SIGKILL');
  while (existsSync(`/proc/${pid}/exe`)) await sleep(20);
}

/** Resolves when it is ready; one that runs is left alone. @throws with the end of its log if it ends */
export async function startApiServer(at: Layout = layout()): Promise<void> {
  if (!existsSync(`/proc/${processPid(at, Key)}/exe`)) startProcess(at, Key, controlPlaneCommand(at, Key));
  while ((await askApiServer(at, '/readyz')) === undefined) {
    assertRunning(at, Key);
    await sleep(100);
  }
}

if (process.argv[1] === import.meta.filename) {
  const commands: Readonly<Record<string, () => Promise<void>>> = { stop: stopApiServer, start: startApiServer };
  const command = commands[process.argv[2] ?? ''];
  if (command === undefined) throw new Error('outage.ts stop | start');
  await command();
}
