/** The cluster's authority, certificates and credentials, made anew for each start. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClusterNode, clusterNode, type Layout, Network } from './layout.ts';

const kubernetesNames = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

interface Identity {
  readonly file: string;
  /** As openssl writes it: `/O=system:masters/CN=admin`. */
  readonly subject: string;
  readonly names?: readonly string[];
}

export function makeKeys(at: Layout, nodes: readonly ClusterNode[]): void {
  mkdirSync(at.keys, { recursive: true, mode: 0o700 });
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: at.keys, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
  openssl('req', '-x509', ...newKey, '-subj', '/CN=e2e', '-keyout', 'ca.key', '-out', 'ca.crt');
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'sa.key');
  openssl('ec', '-in', 'sa.key', '-pubout', '-out', 'sa.pub');
  for (const { file, subject, names = [] } of identities(nodes)) {
    const usage = ['-addext', 'extendedKeyUsage=serverAuth,clientAuth', '-addext', 'basicConstraints=CA:FALSE'];
    const alternative = names.length === 0 ? [] : ['-addext', `subjectAltName=${names.join(',')}`];
    const files = ['-keyout', `${file}.key`, '-out', `${file}.crt`];
    openssl(
      'req',
      '-x509',
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      ...newKey,
      '-subj',
      subject,
      ...usage,
      ...alternative,
      ...files,
    );
  }
  const users = ['controller-manager', 'scheduler', 'proxy', ...nodes.map(({ name }) => `kubelet-${name}`)];
  for (const user of users) writeFileSync(join(at.keys, `${user}.kubeconfig`), kubeconfig(at, user), { mode: 0o600 });
  writeFileSync(at.kubeconfig, kubeconfig(at, 'admin'), { mode: 0o600 });
}

function identities(nodes: readonly ClusterNode[]): Identity[] {
  const apiAddresses = ['127.0.0.1', Network.apiService, clusterNode(1).address];
  return [
    {
      file: 'apiserver',
      subject: '/CN=kube-apiserver',
      names: [
        ...[...kubernetesNames, 'localhost'].map((name) => `DNS:${name}`),
        ...apiAddresses.map((ip) => `IP:${ip}`),
      ],
    },
    { file: 'apiserver-kubelet-client', subject: '/O=system:masters/CN=apiserver-kubelet-client' },
    { file: 'front-proxy-client', subject: '/CN=front-proxy-client' },
    { file: 'admin', subject: '/O=system:masters/CN=admin' },
    { file: 'controller-manager', subject: '/CN=system:kube-controller-manager' },
    { file: 'scheduler', subject: '/CN=system:kube-scheduler' },
    { file: 'proxy', subject: '/CN=system:kube-proxy' },
    ...nodes.map(({ name, address }) => ({
      file: `kubelet-${name}`,
      subject: `/O=system:nodes/CN=system:node:${name}`,
      names: [`DNS:${name}`, `IP:${address}`],
    })),
  ];
}

/** JSON is YAML; the keys are inside, so that one file is enough. */
function kubeconfig(at: Layout, user: string): string {
  const data = (file: string): string => readFileSync(join(at.keys, file)).toString('base64');
  return `${JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'e2e',
    contexts: [{ name: 'e2e', context: { cluster: 'e2e', user } }],
    clusters: [
      {
        name: 'e2e',
        cluster: { server: `https://${clusterNode(1).address}:6443`, 'certificate-authority-data': data('ca.crt') },
      },
    ],
    users: [
      { name: user, user: { 'client-certificate-data': data(`${user}.crt`), 'client-key-data': data(`${user}.key`) } },
    ],
  })}\n`;
}
