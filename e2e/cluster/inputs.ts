/** Where the binaries of the test cluster are kept: a folder of the user's cache that is named after everything that goes into them. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const here = import.meta.dirname;
/** Kubernetes' own version, in `kubectl version` too. */
export const KubernetesVersion = 'v1.37.2';
/** Fast to compile rather than fast: a cold build takes 6 minutes of two cores instead of 15. */
export const buildFlags = ['-trimpath', '-gcflags', 'all=-N -l'] as const;

/** `~/.cache/suuupra/e2e` */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'suuupra/e2e');
}

/** Folder of the binaries that belong to these sources, flags and compiler; whether it is there is another question. */
export function binaryFolder(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(here, { recursive: true, encoding: 'utf8' }).toSorted()) {
    if (/(\.go|go\.mod|go\.sum|images\.ts)$/.test(name)) hash.update(name).update(readFileSync(join(here, name)));
  }
  hash.update(JSON.stringify([goVersion(), buildFlags, KubernetesVersion]));
  return join(cacheFolder(), hash.digest('hex').slice(0, 12));
}

/** @throws an Error for the user where there is no Go */
function goVersion(): string {
  try {
    return execFileSync('go', ['env', 'GOVERSION'], { cwd: here, encoding: 'utf8' });
  } catch (error) {
    throw new Error('the test cluster is compiled by Go 1.26 or later, which is not on PATH', { cause: error });
  }
}
