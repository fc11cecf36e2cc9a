/** Where a cluster's files are and which addresses it uses. CLUSTER names it, so that two can run beside each other. */
import { join } from 'node:path';
import { binaryFolder, cacheFolder } from './inputs.ts';

/** Addresses may repeat from cluster to cluster: their networks do not meet. */
export const Network = {
  bridge: 'node0',
  gateway: '10.99.0.254',
  gateway6: 'fd00:99::fe',
  services: '10.96.0.0/16,fd00:96::/112',
  pods: '10.244.0.0/16,fd00:244::/64',
  loadBalancers: '10.98.0.0/24',
  apiService: '10.96.0.1',
  dns: '10.96.0.10',
} as const;

/** The first is the machine itself, the others are namespaces inside it. */
export interface ClusterNode {
  readonly index: number;
  readonly name: string;
  readonly address: string;
  readonly address6: string;
  readonly pods: string;
  readonly pods6: string;
}

export function clusterNode(index: number): ClusterNode {
  return {
    index,
    name: `node${index}`,
    address: `10.99.0.${index}`,
    address6: `fd00:99::${index}`,
    pods: `10.244.${index - 1}.0/24`,
    pods6: `fd00:244::${index - 1}:0:0:0/80`,
  };
}

export interface Layout {
  /** Also that of its cgroup. */
  readonly name: string;
  /** Everything below is kept here, and nothing else; gone after `cluster-down`. */
  readonly folder: string;
  readonly keys: string;
  readonly settings: string;
  readonly logs: string;
  readonly kubeconfig: string;
  /** Of the first process of the namespaces, as the outside sees it. */
  readonly pidFile: string;
  readonly binaries: string;
}

export function layout(name: string = process.env['CLUSTER'] ?? 'suuupra-e2e'): Layout {
  if (!/^[a-z0-9-]{1,40}$/.test(name)) throw new Error(`CLUSTER=${name}: lower case letters, digits and dashes`);
  const folder = join(cacheFolder(), `cluster-${name}`);
  return {
    name,
    folder,
    keys: join(folder, 'keys'),
    settings: join(folder, 'settings'),
    logs: join(folder, 'logs'),
    kubeconfig: join(folder, 'kubeconfig'),
    pidFile: join(folder, 'pid'),
    binaries: binaryFolder(),
  };
}
