/** kubectl for scenarios: what a user would type, and what it printed. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** @returns its standard output. @throws with its standard error if it fails */
export async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const child = spawn('kubectl', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(input ?? '');
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${err.trim() || `exit code ${code}`}`);
  return out;
}

/** Server-side, as a controller or Argo CD would. */
export async function apply(namespace: string, ...manifests: readonly Manifest[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: manifests };
  await kubectl(['apply', '--server-side', '--force-conflicts', '-n', namespace, '-f', '-'], JSON.stringify(list));
}

/** The object as the API server has it. */
export async function get<T = Manifest>(namespace: string, what: string): Promise<T> {
  return JSON.parse(await kubectl(['get', '-n', namespace, what, '-o', 'json'])) as T;
}

/** A namespace of its own for a scenario; one left by a run that was interrupted is removed first. */
export async function createNamespace(name: string): Promise<void> {
  await kubectl(['delete', 'namespace', name, '--ignore-not-found', '--wait']);
  await kubectl(['create', 'namespace', name]);
}

export async function deleteNamespace(name: string): Promise<void> {
  await kubectl(['delete', 'namespace', name, '--ignore-not-found', '--wait=false']);
}
