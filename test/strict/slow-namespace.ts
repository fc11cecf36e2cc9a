/**
 * A network of one's own, with socket buffers as a pod may set them (`net.ipv4.tcp_wmem` and `tcp_rmem` are safe sysctls of Kubernetes). With the
 * defaults of Linux the kernel keeps up to 7 MB for a client that does not read: a thousand of them would stop every TCP connection of the machine.
 */
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';

const Inside = 'SLOW_NAMESPACE';
const Wmem = '4096 16384 262144';
const Rmem = '4096 65536 262144';
/** More than one connection that does not read can hold, at both of its sides of a gateway. */
const MostEach = 8_388_608;

/** Runs this program again in there. @returns its exit code; null if we are there already, or it cannot be had: it needs root */
export function runInNamespace(): number | null {
  if (process.env[Inside] !== undefined) return null;
  const setUp = `ip link set lo up && echo ${Wmem} >/proc/sys/net/ipv4/tcp_wmem && echo ${Rmem} >/proc/sys/net/ipv4/tcp_rmem`;
  if (spawnSync('unshare', ['-n', 'sh', '-c', setUp], { stdio: 'ignore' }).status !== 0) return null;
  const { status } = spawnSync(
    'unshare',
    ['-n', 'sh', '-c', `${setUp} && exec "$0" "$@"`, process.execPath, ...process.argv.slice(1)],
    { stdio: 'inherit', env: { ...process.env, [Inside]: '1' } },
  );
  return status ?? 1;
}

/** How many clients that do not read this system can bear: their buffers take a quarter of what it has for TCP, at most. */
export async function bearableReaders(): Promise<number> {
  if (process.env[Inside] !== undefined) return Number.POSITIVE_INFINITY;
  const [, pages = '0'] = /^\d+\s+(\d+)/.exec(await readFile('/proc/sys/net/ipv4/tcp_mem', 'utf8')) ?? [];
  return Math.max(1, Math.floor((Number(pages) * 4096) / 4 / MostEach));
}
