/** `make cluster-build`: compiles the test cluster's binaries once; nothing to do where they are in the cache. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { moduleFolder, packClusterImages } from './images.ts';
import { binaryFolder, buildFlags, here, KubernetesVersion } from './inputs.ts';
import { installPackages } from './packages.ts';

const version = 'k8s.io/component-base/version';
const kubernetesFlags = [
  '-s -w',
  `-X ${version}.gitVersion=${KubernetesVersion}`,
  ...['gitMajor=1', 'gitMinor=37', 'gitTreeState=clean'].map((setting) => `-X ${version}.${setting}`),
].join(' ');

/** What to compile: `folder` is that of the module. */
const targets: readonly {
  readonly name: string;
  readonly args: readonly string[];
  readonly folder?: string;
  readonly cgo?: true;
}[] = [
  { name: 'kube', args: ['build', '-ldflags', kubernetesFlags, './kube'] },
  { name: 'echo-basic', args: ['build', '-ldflags', '-s -w', 'sigs.k8s.io/gateway-api/conformance/echo-basic'] },
  { name: 'coredns', args: ['build', '-ldflags', '-s -w', './coredns'] },
  { name: 'pause', args: ['build', '-ldflags', '-s -w', './pause'] },
  { name: 'conformance.test', args: ['test', '-c', './conformance'] },
  ...['containerd', 'containerd-shim-runc-v2', 'ctr'].map((command) => ({
    name: `node/${command}`,
    args: ['build', '-tags', 'no_btrfs,no_devmapper,no_zfs', `github.com/containerd/containerd/v2/cmd/${command}`],
    folder: 'node',
  })),
  // Its seccomp filters are a C library's.
  {
    name: 'node/runc',
    args: ['build', '-tags', 'seccomp', 'github.com/opencontainers/runc'],
    folder: 'node',
    cgo: true,
  },
  ...['main/ptp', 'main/loopback', 'ipam/host-local', 'meta/portmap'].map((plugin) => ({
    name: `cni/${plugin.slice(plugin.indexOf('/') + 1)}`,
    args: ['build', `github.com/containernetworking/plugins/plugins/${plugin}`],
    folder: 'node',
  })),
];

/** @returns the folder of the binaries */
export function buildBinaries(): string {
  const folder = binaryFolder();
  if (existsSync(folder)) return folder;
  installPackages();
  const scratch = `${folder}.${process.pid}`;
  try {
    for (const { name, args, folder: module = '.', cgo } of targets) {
      const output = join(scratch, name);
      mkdirSync(dirname(output), { recursive: true });
      const started = Date.now();
      const [command = '', ...rest] = args;
      const { status } = spawnSync('go', [command, ...buildFlags, '-o', output, ...rest], {
        cwd: join(here, module),
        // Without asking git, which refuses a checkout that belongs to somebody else.
        env: { ...process.env, CGO_ENABLED: cgo === true ? '1' : '0', GOFLAGS: '-mod=readonly -buildvcs=false' },
        stdio: 'inherit',
      });
      if (status !== 0) throw new Error(`go could not build ${name}`);
      process.stdout.write(`built ${name} in ${Math.round((Date.now() - started) / 1000)} s\n`);
    }
    const definitions = join(moduleFolder('sigs.k8s.io/gateway-api'), 'config/crd');
    for (const channel of ['standard', 'experimental']) {
      cpSync(join(definitions, channel), join(scratch, 'crds', channel), { recursive: true });
    }
    packClusterImages(scratch);
    // In one step: a folder that is there is whole.
    renameSync(scratch, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return folder;
}

if (process.argv[1] === import.meta.filename) process.stdout.write(`${buildBinaries()}\n`);
