/** The configuration files of what runs on a node. Why each line is there: comments, else Kubernetes' own defaults. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClusterNode, type Layout, Network } from './layout.ts';

/** Image of the process that holds a pod's namespaces. */
export const PauseImage = 'e2e.local/pause:1';

export function writeSettings(at: Layout, node: ClusterNode): void {
  const folder = join(at.settings, node.name);
  mkdirSync(join(folder, 'cni'), { recursive: true });
  const write = (name: string, content: string | object): void => {
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content, null, 1));
  };
  write('containerd.toml', containerd(at, folder));
  write('cni/10-ptp.conflist', cni(node));
  write('kubelet.json', kubelet(at, node));
  write('kube-proxy.json', kubeProxy(at, node));
  // Names of Services resolve for processes outside of pods too; the pull of an image that is missing fails at once.
  write(
    'resolv.conf',
    `nameserver ${Network.dns}\nsearch svc.cluster.local cluster.local\noptions ndots:3 timeout:1 attempts:1\n`,
  );
}

function containerd(at: Layout, folder: string): string {
  return `version = 3
disabled_plugins = ["io.containerd.nri.v1.nri"]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "${PauseImage}"
[plugins."io.containerd.cri.v1.runtime"]
  # Without CAP_SYS_RESOURCE nothing may be made less likely to be killed.
  restrict_oom_score_adj = true
  disable_apparmor = true
  enable_cdi = false
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      BinaryName = "${at.binaries}/node/runc"
      SystemdCgroup = false
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["${at.binaries}/cni"]
    conf_dir = "${folder}/cni"
`;
}

/** ptp instead of a bridge: all of a pod's traffic is routed, so a pod reaches itself through its Service without br_netfilter. */
function cni({ pods, pods6 }: ClusterNode): object {
  const ipam = {
    type: 'host-local',
    dataDir: '/run/cni-ipam',
    ranges: [[{ subnet: pods }], [{ subnet: pods6 }]],
    routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
  };
  return {
    cniVersion: '1.0.0',
    name: 'e2e',
    plugins: [
      { type: 'ptp', ipMasq: false, mtu: 1500, ipam },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

function kubelet(at: Layout, node: ClusterNode): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    failCgroupV1: false,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: cgroupRoot(at, node),
    enforceNodeAllocatable: ['pods'],
    failSwapOn: false,
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(at.keys, 'ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: join(at.keys, `kubelet-${node.name}.crt`),
    tlsPrivateKeyFile: join(at.keys, `kubelet-${node.name}.key`),
    clusterDomain: 'cluster.local',
    clusterDNS: [Network.dns],
    resolvConf: join(at.settings, node.name, 'resolv.conf'),
    address: node.address,
    maxPods: 250,
    serializeImagePulls: false,
    imageGCHighThresholdPercent: 100,
    // Memory is never pressure here, but 0 would stop the kubelet.
    evictionHard: {
      'memory.available': '1Mi',
      'nodefs.available': '0%',
      'nodefs.inodesFree': '0%',
      'imagefs.available': '0%',
      'imagefs.inodesFree': '0%',
    },
    nodeStatusUpdateFrequency: '5s',
    makeIPTablesUtilChains: false,
    localStorageCapacityIsolation: false,
    kubeAPIQPS: 100,
    kubeAPIBurst: 200,
    eventRecordQPS: 0,
    // Its default lies outside of what is ours.
    volumePluginDir: '/var/lib/kubelet/volumeplugins',
  };
}

/** Relative to each hierarchy's own root. */
export function cgroupRoot(at: Layout, node: ClusterNode): string {
  return node.index === 1 ? `/${at.name}` : `/${at.name}/${node.name}`;
}

function kubeProxy(at: Layout, node: ClusterNode): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    bindAddress: node.address,
    hostnameOverride: node.name,
    clusterCIDR: Network.pods,
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249',
    clientConnection: { kubeconfig: join(at.keys, 'proxy.kubeconfig') },
    nftables: { minSyncPeriod: '0s', syncPeriod: '30s' },
    // nf_conntrack_max is not writable in a network namespace.
    conntrack: { maxPerCore: 0, min: 0 },
  };
}
