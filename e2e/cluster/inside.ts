/** What `cluster-up` does inside the namespaces: starts every process in the order that they need and waits until each of them serves. */
import { execFile, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { askApiServer } from './apiserver.ts';
import { controlPlaneCommand, nodeCommand } from './components.ts';
import { type ClusterNode, clusterNode, layout, Network } from './layout.ts';
import { loadImage } from './load.ts';
import { assertRunning, enterNode, startProcess } from './process.ts';

const run = promisify(execFile);
const Patience = 120_000;

const at = layout();
const nodes = Array.from({ length: Number(process.env['NODES'] ?? 1) }, (_, i) => clusterNode(i + 1));
const started = performance.now();
await main();

async function main(): Promise<void> {
  for (const name of ['etcd', 'kube-apiserver'] as const) startProcess(at, name, controlPlaneCommand(at, name));
  const nodesReady = Promise.all(nodes.map(startRuntime));
  await becomes('the API server is ready', ['etcd', 'kube-apiserver'], () => askApiServer(at, '/readyz'));
  for (const name of ['kube-controller-manager', 'kube-scheduler', 'lb'] as const) {
    startProcess(at, name, controlPlaneCommand(at, name));
  }
  const applied = apply();
  await nodesReady;
  await Promise.all([...nodes.map(startNode), applied]);
  const account = '/api/v1/namespaces/default/serviceaccounts/default';
  await becomes('service accounts are made', ['kube-controller-manager'], () => askApiServer(at, account));
  const slices =
    '/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices?labelSelector=kubernetes.io/service-name%3Dkube-dns';
  await becomes('DNS is ready', ['kube-scheduler', 'kubelet-node1'], async () =>
    (await askApiServer(at, slices))?.includes('"ready":true'),
  );
}

/** containerd and its images need no API server. */
async function startRuntime(node: ClusterNode): Promise<void> {
  const enter = node.index === 1 ? undefined : await makeNode(node);
  const key = `containerd-${node.name}`;
  startProcess(at, key, nodeCommand(at, node, 'containerd'), enter);
  const images = loadImage(at, join(at.binaries, 'images.tar'), enter, () => assertRunning(at, key));
  await images;
  say(`images are on ${node.name}`);
}

async function startNode(node: ClusterNode): Promise<void> {
  const enter = node.index === 1 ? undefined : nodePid(node);
  const kubelet = `kubelet-${node.name}`;
  startProcess(at, kubelet, nodeCommand(at, node, 'kubelet'), enter);
  const path = `/api/v1/nodes/${node.name}`;
  await becomes(`${node.name} exists`, [kubelet], () => askApiServer(at, path));
  // It gives up where it finds no node.
  startProcess(at, `kube-proxy-${node.name}`, nodeCommand(at, node, 'kube-proxy'), enter);
  await becomes(`${node.name} is ready`, [kubelet, `kube-proxy-${node.name}`], async () =>
    /"type":"Ready","status":"True"/.test((await askApiServer(at, path)) ?? ''),
  );
}

/** A second machine on the same bridge: namespaces inside the first one's. @returns its first process */
async function makeNode(node: ClusterNode): Promise<number> {
  const script = [
    join(import.meta.dirname, 'machine.sh'),
    join(at.settings, node.name),
    node.name,
    node.address,
    node.address6,
  ];
  const gateways = [clusterNode(1).address, clusterNode(1).address6];
  // Without --fork it is unshare's own process that becomes the script.
  startProcess(at, `machine-${node.name}`, ['unshare', '--net', '--mount', '--uts', 'bash', ...script, ...gateways]);
  const pid = Number(readFileSync(join(at.folder, 'pids', `machine-${node.name}`), 'utf8'));
  writeFileSync(join(at.folder, `${node.name}.pid`), String(pid));
  const ip = (...args: string[]) => run('ip', args);
  await becomes(`${node.name} has a network`, [`machine-${node.name}`], async () => {
    const [own, other] = await Promise.all([
      run('readlink', ['/proc/self/ns/net']),
      run('readlink', [`/proc/${pid}/ns/net`]),
    ]);
    return own.stdout !== other.stdout;
  });
  await ip('link', 'add', node.name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid));
  await ip('link', 'set', node.name, 'master', Network.bridge, 'up');
  await ip('route', 'add', node.pods, 'via', node.address);
  await ip('-6', 'route', 'add', node.pods6, 'via', node.address6);
  await becomes(`${node.name} is laid out`, [`machine-${node.name}`], async () => {
    await run('test', ['-e', `/proc/${pid}/root/run/ready-${node.name}`]);
    return true;
  });
  const [first, ...prefix] = enterNode(pid);
  if (first === undefined) throw new Error('no command enters the node');
  await run(first, [...prefix, 'ip', 'route', 'add', clusterNode(1).pods, 'via', clusterNode(1).address]);
  await run(first, [...prefix, 'ip', '-6', 'route', 'add', clusterNode(1).pods6, 'via', clusterNode(1).address6]);
  return pid;
}

function nodePid(node: ClusterNode): number {
  return Number(readFileSync(join(at.folder, `${node.name}.pid`), 'utf8'));
}

/** DNS, and Gateway API's definitions: GATEWAY_API=standard, experimental (default) or none. */
async function apply(): Promise<void> {
  const channel = process.env['GATEWAY_API'] ?? 'experimental';
  const dns = kubectl('-f', join(import.meta.dirname, 'addons/dns.yaml'));
  if (channel !== 'none') await kubectl('-k', join(at.binaries, 'crds', channel));
  await dns;
  say('DNS and Gateway API are applied');
}

async function kubectl(...what: string[]): Promise<void> {
  const kube = join(at.binaries, 'kube');
  const child = spawn(kube, ['kubectl', `--kubeconfig=${at.kubeconfig}`, 'apply', '--server-side', ...what], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, KUBECACHEDIR: join(at.folder, 'kubecache') },
  });
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  if (code !== 0) throw new Error(`kubectl apply ${what.join(' ')} failed`);
}

/** @throws if one of `needs` ends, or after two minutes */
async function becomes(what: string, needs: readonly string[], holds: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + Patience;
  for (;;) {
    if (await holds().catch(() => false)) return say(what);
    for (const key of needs) assertRunning(at, key);
    if (performance.now() > deadline)
      throw new Error(`in ${Patience / 1000} s it did not come true that ${what}; see ${at.logs}`);
    await sleep(100);
  }
}

function say(what: string): void {
  process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  ${what}\n`);
}
