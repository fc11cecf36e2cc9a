/** The gateway pods that scenarios look at: who they are, who leads, who takes traffic, and the death of a process in one of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { Release, ReleaseNamespace } from './install.ts';
import { get, kubectl } from './kubectl.ts';
import { until } from './until.ts';

export const workload = `deployment/${Release}-suuupra-gateway`;

export interface GatewayPod {
  readonly name: string;
  readonly ip: string;
  readonly restarts: number;
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
    readonly status: {
      readonly podIP: string;
      readonly containerStatuses: readonly { readonly restartCount: number }[];
    };
  }[];
}

interface Slices {
  readonly items: readonly {
    readonly addressType: string;
    readonly ports: readonly { readonly port: number }[];
    readonly endpoints: readonly { readonly addresses: readonly string[] }[] | null;
  }[];
}

/** Without those that leave. */
export async function gatewayPods(): Promise<readonly GatewayPod[]> {
  const { items } = await listPods();
  const staying = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return staying.map(({ metadata: { name }, status: { podIP, containerStatuses } }) => {
    return { name, ip: podIP, restarts: containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0) };
  });
}

/** Pods that were told to leave are really gone: what they drop at the end, and what they log. */
export async function noneLeaves(): Promise<void> {
  const leaves = ({ metadata }: PodList['items'][number]) => metadata.deletionTimestamp !== undefined;
  await until('no pod is leaving any more', async () => !(await listPods()).items.some(leaves), 120);
}

async function listPods(): Promise<PodList> {
  const query = ['-l', `app.kubernetes.io/instance=${Release}`, '-o', 'json'];
  return JSON.parse(await kubectl(['get', 'pods', '-n', ReleaseNamespace, ...query])) as PodList;
}

/** Of the pods that a Gateway's Service points at; IPv4. */
export interface Endpoints {
  readonly addresses: readonly string[];
  /** Of its first listener, in the pods. */
  readonly port: number;
}

export async function endpointsOf(namespace: string, gateway: string): Promise<Endpoints> {
  const query = ['-l', `gateway.networking.k8s.io/gateway-name=${gateway}`, '-o', 'json'];
  const { items } = JSON.parse(await kubectl(['get', 'endpointslice', '-n', namespace, ...query])) as Slices;
  const slices = items.filter(({ addressType }) => addressType === 'IPv4');
  return {
    addresses: slices.flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses)).toSorted(),
    port: slices[0]?.ports[0]?.port ?? 0,
  };
}

/** Who leads, as the Lease names it: pod, `_`, and what tells its process from the one before. */
export async function leader(): Promise<string> {
  return until('there is a leader', async () => {
    const name = `lease/${Release}-suuupra-gateway-leader`;
    const lease = await get<{ spec: { holderIdentity?: string } }>(ReleaseNamespace, name);
    return lease.spec.holderIdentity || undefined;
  });
}

/** On the test cluster alone, whose processes are all seen from inside of its namespaces. @throws if none runs */
export function killProcessOf(pod: string): void {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && environmentOf(name).has(pod));
  if (pids.length === 0) throw new Error(`no process of ${pod} runs`);
  for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
}

/** Names of pods that a process was told it is. */
function environmentOf(pid: string): ReadonlySet<string> {
  const prefix = 'SUUUPRA_POD_NAME=';
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
    return new Set(variables.filter((each) => each.startsWith(prefix)).map((each) => each.slice(prefix.length)));
  } catch {
    // It ended meanwhile.
    return new Set();
  }
}
