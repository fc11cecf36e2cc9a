/** Where figures were measured: the machine, its cores, and the versions of everything that took part. */
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, release, totalmem } from 'node:os';
import { commandVersion } from './install.ts';
import type { Machine } from './result.ts';
import { round } from './statistics.ts';
import type { Target } from './targets/target.ts';

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: round(totalmem() / 2 ** 30, 1),
    kernel: `Linux ${release()}`,
    architecture: arch(),
  };
}

/** The first two cores this process may use. @throws with a message for the user if there is one alone */
export function chooseCores(): { readonly load: number; readonly proxy: number } {
  const status = readFileSync('/proc/self/status', 'utf8');
  const allowed = parseCores(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '0');
  const [load, proxy] = allowed;
  if (load === undefined || proxy === undefined) {
    throw new Error('two cores are needed: one for the proxy, one for load and origin; this process may use one');
  }
  return { load, proxy };
}

/** `0-2,5` → 0, 1, 2, 5 */
export function parseCores(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

/** Of targets and tools; without those that are not there. */
export async function findVersions(targets: readonly Target[]): Promise<Record<string, string>> {
  const found = await Promise.all([
    ...targets.map(async (target) => [target.name, await target.version()] as const),
    commandVersion('wrk', ['-v'], /wrk \S*?(\d+\.\d+\.\d+)/).then((version) => ['wrk', version] as const),
    commandVersion('gcc', ['--version'], /(\d+\.\d+\.\d+)/).then((version) => ['gcc', version] as const),
  ]);
  return {
    ...Object.fromEntries(found.flatMap(([name, version]) => (version === null ? [] : [[name, version]]))),
    node: process.versions.node,
  };
}
