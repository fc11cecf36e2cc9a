/** A folder of a process whose disk can be filled and freed while it runs. Used by the disk-full scenario. */
import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestGateway } from '../../pkg/testkit/gateway.ts';

export interface SmallDisk {
  /** As the process that runs through it sees it. */
  readonly folder: string;
  readonly through: readonly string[];
  /** What stands for the full disk here, for people. */
  readonly means: string;
  /** As this process sees it. */
  pathOf(gateway: TestGateway, name: string): string;
  fill(gateway: TestGateway): Promise<void>;
  free(gateway: TestGateway): Promise<void>;
}

const Filler = 'filler';

/** A file system of its own in a mount namespace of its own; where that is not allowed, a limit on the size of the process's files. */
export async function createSmallDisk(folder: string): Promise<SmallDisk> {
  await mkdir(folder);
  return mayMount() ? mounted(folder) : limited(folder);
}

function mayMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function mounted(folder: string): SmallDisk {
  const script = 'mount -t tmpfs -o size=2m none "$0" && exec "$@"';
  const pathOf = ({ process }: TestGateway, name: string): string => join(`/proc/${process.pid}/root`, folder, name);
  return {
    folder,
    through: ['unshare', '-m', 'sh', '-c', script, folder],
    means: 'a tmpfs of 2 MiB',
    pathOf,
    // As much as goes, so the write must fail.
    fill: (gateway) =>
      writeFile(pathOf(gateway, Filler), Buffer.alloc(4 * 1024 * 1024)).then(
        () => Promise.reject(new Error('the disk did not get full')),
        () => undefined,
      ),
    free: (gateway) => rm(pathOf(gateway, Filler)),
  };
}

function limited(folder: string): SmallDisk {
  const limit = ({ process }: TestGateway, bytes: string): void => {
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}`]);
  };
  return {
    folder,
    through: [],
    means: 'RLIMIT_FSIZE',
    pathOf: (_, name) => join(folder, name),
    fill: async (gateway) => limit(gateway, '1024:unlimited'),
    free: async (gateway) => limit(gateway, 'unlimited:unlimited'),
  };
}
