/** The command line of every process of the cluster. */
import { join } from 'node:path';
import { type ClusterNode, clusterNode, type Layout, Network } from './layout.ts';

export type ControlPlaneName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'lb';
export type NodeProcessName = 'containerd' | 'kubelet' | 'kube-proxy';

export const Etcd = 'http://127.0.0.1:2379';
const EtcdPeers = 'http://127.0.0.1:2380';
/** What nothing here needs. An unknown name is fatal to the controller manager. */
const idleControllers = [
  'horizontal-pod-autoscaler-controller',
  'node-ipam-controller',
  'persistentvolume-attach-detach-controller',
  'cronjob-controller',
];

export function controlPlaneCommand(at: Layout, name: ControlPlaneName): string[] {
  return [join(at.binaries, 'kube'), name, ...controlPlaneFlags[name](at)];
}

const controlPlaneFlags: Readonly<Record<ControlPlaneName, (at: Layout) => string[]>> = {
  etcd: () => [
    '--name=e2e',
    '--data-dir=/run/etcd',
    '--unsafe-no-fsync',
    `--listen-client-urls=${Etcd}`,
    `--advertise-client-urls=${Etcd}`,
    `--listen-peer-urls=${EtcdPeers}`,
    `--initial-advertise-peer-urls=${EtcdPeers}`,
    `--initial-cluster=e2e=${EtcdPeers}`,
    '--log-level=warn',
  ],
  'kube-apiserver': (at) => {
    const key = (file: string): string => join(at.keys, file);
    return [
      `--etcd-servers=${Etcd}`,
      '--secure-port=6443',
      `--advertise-address=${clusterNode(1).address}`,
      `--service-cluster-ip-range=${Network.services}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      '--allow-privileged=true',
      `--client-ca-file=${key('ca.crt')}`,
      `--tls-cert-file=${key('apiserver.crt')}`,
      `--tls-private-key-file=${key('apiserver.key')}`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${key('sa.pub')}`,
      `--service-account-signing-key-file=${key('sa.key')}`,
      `--kubelet-client-certificate=${key('apiserver-kubelet-client.crt')}`,
      `--kubelet-client-key=${key('apiserver-kubelet-client.key')}`,
      `--kubelet-certificate-authority=${key('ca.crt')}`,
      '--kubelet-preferred-address-types=InternalIP',
      `--requestheader-client-ca-file=${key('ca.crt')}`,
      '--requestheader-allowed-names=front-proxy-client',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-username-headers=X-Remote-User',
      `--proxy-client-cert-file=${key('front-proxy-client.crt')}`,
      `--proxy-client-key-file=${key('front-proxy-client.key')}`,
      '--profiling=false',
      '--event-ttl=2h',
    ];
  },
  'kube-controller-manager': (at) => [
    ...threefold(join(at.keys, 'controller-manager.kubeconfig')),
    // Without a lease it outlives an API server that is away.
    '--leader-elect=false',
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${join(at.keys, 'sa.key')}`,
    `--root-ca-file=${join(at.keys, 'ca.crt')}`,
    `--cluster-signing-cert-file=${join(at.keys, 'ca.crt')}`,
    `--cluster-signing-key-file=${join(at.keys, 'ca.key')}`,
    '--bind-address=127.0.0.1',
    '--profiling=false',
    `--controllers=*,${idleControllers.map((controller) => `-${controller}`).join(',')}`,
    '--concurrent-deployment-syncs=10',
    '--concurrent-endpoint-syncs=10',
    '--kube-api-qps=100',
    '--kube-api-burst=200',
  ],
  'kube-scheduler': (at) => [
    ...threefold(join(at.keys, 'scheduler.kubeconfig')),
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
    '--profiling=false',
    '--kube-api-qps=200',
    '--kube-api-burst=400',
  ],
  lb: (at) => [`--kubeconfig=${at.kubeconfig}`, `--pool=${Network.loadBalancers}`],
};

function threefold(kubeconfig: string): string[] {
  return ['', 'authentication-', 'authorization-'].map((use) => `--${use}kubeconfig=${kubeconfig}`);
}

export function nodeCommand(at: Layout, node: ClusterNode, name: NodeProcessName): string[] {
  const settings = join(at.settings, node.name);
  const commands: Readonly<Record<NodeProcessName, string[]>> = {
    containerd: [join(at.binaries, 'node/containerd'), '--config', join(settings, 'containerd.toml')],
    kubelet: [
      join(at.binaries, 'kube'),
      'kubelet',
      `--config=${join(settings, 'kubelet.json')}`,
      `--kubeconfig=${join(at.keys, `kubelet-${node.name}.kubeconfig`)}`,
      `--node-ip=${node.address},${node.address6}`,
      `--hostname-override=${node.name}`,
      '--root-dir=/var/lib/kubelet',
    ],
    'kube-proxy': [join(at.binaries, 'kube'), 'kube-proxy', `--config=${join(settings, 'kube-proxy.json')}`],
  };
  return commands[name];
}
