/** Where end-to-end tests run: inside the test cluster's namespaces, or against the cluster that KUBECONFIG names. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');
export const imageArchive = join(root, 'dist/image/suuupra-gateway.tar');

/** Words before a command, so that it reaches the cluster's addresses. */
export function insidePrefix(): string[] {
  return process.env['KUBECONFIG'] === undefined ? [join(root, 'e2e/cluster/exec.sh')] : [];
}

/** Runs with this process's output. @throws if it fails */
export function must(command: readonly string[], environment: Readonly<Record<string, string>> = {}): void {
  const status = attempt(command, environment);
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}`);
}

/** @returns its exit code */
export function attempt(command: readonly string[], environment: Readonly<Record<string, string>> = {}): number {
  const [file = '', ...args] = command;
  return spawnSync(file, args, { stdio: 'inherit', cwd: root, env: { ...process.env, ...environment } }).status ?? 1;
}

/** A cluster of `nodes` nodes at least with the product's image on it; what is there is used. */
export function provideCluster(nodes = 1): void {
  if (process.env['KUBECONFIG'] !== undefined) return;
  must([process.execPath, join(root, 'e2e/cluster/up.ts')], { NODES: process.env['NODES'] ?? String(nodes) });
  must(['make', '--no-print-directory', 'image']);
  must([...insidePrefix(), process.execPath, join(root, 'e2e/cluster/load.ts'), imageArchive]);
}
