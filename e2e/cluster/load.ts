/** `make cluster-load IMAGE=FILE.tar`: an OCI archive onto every node, as a pull would. Runs inside the namespaces. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Layout, layout } from './layout.ts';
import { enterNode } from './process.ts';

/** @param enter pid of the node, if not the first; @param alive throws once waiting is useless */
export async function loadImage(at: Layout, file: string, enter?: number, alive?: () => void): Promise<void> {
  const command = [...(enter === undefined ? [] : enterNode(enter)), join(at.binaries, 'node/ctr'), '-n', 'k8s.io'];
  const [first = '', ...rest] = command;
  const run = promisify(execFile);
  for (let tries = 0; ; tries++) {
    try {
      await run(first, [...rest, 'images', 'import', '--local', '--no-unpack=false', file]);
      return;
    } catch (error) {
      // containerd may still be starting.
      alive?.();
      if (alive === undefined || tries > 100) throw error;
      await sleep(100);
    }
  }
}

if (process.argv[1] === import.meta.filename) {
  const at = layout();
  const file = resolve(process.argv[2] ?? '');
  const others = readdirSync(at.folder).filter((name) => /^node\d+\.pid$/.test(name));
  const pids = [undefined, ...others.map((name) => Number(readFileSync(join(at.folder, name), 'utf8')))];
  for (const pid of pids) await loadImage(at, file, pid);
}
