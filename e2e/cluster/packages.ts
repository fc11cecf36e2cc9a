/** Debian packages that the test cluster needs; installed where they are missing, as root. */
import { spawnSync } from 'node:child_process';

const packages = [
  'iproute2',
  'util-linux',
  'curl',
  'openssl',
  'procps',
  'nftables',
  'iptables',
  'libseccomp-dev',
  'pkg-config',
  'gcc',
  'unzip',
];

/** @throws if something is missing and cannot be installed */
export function installPackages(): void {
  const missing = packages.filter((name) => spawnSync('dpkg', ['-s', name], { stdio: 'ignore' }).status !== 0);
  if (missing.length === 0) return;
  process.stdout.write(`installing ${missing.join(' ')}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env });
  const { status } = spawnSync('apt-get', ['install', '-qq', '-y', '--no-install-recommends', ...missing], {
    stdio: 'inherit',
    env,
  });
  if (status !== 0) throw new Error(`install ${missing.join(' ')} (as root on Debian: apt-get install)`);
}
