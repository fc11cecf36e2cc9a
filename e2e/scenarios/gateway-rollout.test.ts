/** The gateway itself is rolled out, scaled and loses its leader under load: no request fails. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../ask.ts';
import { countingBackend } from '../backend.ts';
import { gatewayAddress, httpGateway, httpRoute } from '../gateway.ts';
import { Release, ReleaseNamespace } from '../install.ts';
import { apply, createNamespace, deleteNamespace, get, kubectl } from '../kubectl.ts';
import { startTraffic } from '../traffic.ts';
import { until } from '../until.ts';

const namespace = 'e2e-gateway-rollout';
const host = 'gateway-rollout.example.com';
const workload = `deployment/${Release}-suuupra-gateway`;
let replicas = 0;
let address = '';

interface Slices {
  readonly items: readonly {
    readonly addressType: string;
    readonly endpoints: readonly { readonly addresses: readonly string[] }[];
  }[];
}

beforeAll(async () => {
  await createNamespace(namespace);
  replicas = (await get<{ spec: { replicas: number } }>(ReleaseNamespace, workload)).spec.replicas;
  await apply(namespace, ...countingBackend('shop', 2), httpGateway('shop'), httpRoute('shop', 'shop', host, 'shop'));
  await kubectl(['rollout', 'status', '-n', namespace, 'deployment/shop', '--timeout=60s']);
  address = await gatewayAddress(namespace, 'shop');
  await until('the route answers', async () => (await ask(`http://${address}/`, { host })).status === 200);
});

afterAll(async () => {
  await scale(replicas);
  await deleteNamespace(namespace);
});

async function scale(to: number): Promise<void> {
  await kubectl(['scale', '-n', ReleaseNamespace, workload, `--replicas=${to}`]);
  await kubectl(['rollout', 'status', '-n', ReleaseNamespace, workload, '--timeout=150s']);
  await until(`${to} pods take traffic`, async () => (await endpoints()).length === to);
}

/** Addresses (IPv4) of the pods that the Gateway's Service points at. */
async function endpoints(): Promise<readonly string[]> {
  const query = ['-l', 'gateway.networking.k8s.io/gateway-name=shop', '-o', 'json'];
  const { items } = JSON.parse(await kubectl(['get', 'endpointslice', '-n', namespace, ...query])) as Slices;
  return items
    .filter(({ addressType }) => addressType === 'IPv4')
    .flatMap((slice) => slice.endpoints.flatMap((endpoint) => endpoint.addresses));
}

/** Under load, a tenth of it POSTs. */
async function expectNoFailure(task: () => Promise<void>, perSecond = 200): Promise<void> {
  const traffic = startTraffic({ address, port: 80, host, perSecond, postEvery: 10 });
  try {
    await task();
  } finally {
    const { sent, failures } = await traffic.stop();
    expect(failures).toEqual({});
    expect(sent).toBeGreaterThan(500);
  }
}

/** Pods that were told to leave are really gone: what they drop at the end counts, too. */
async function gone(): Promise<void> {
  const pods = ['get', 'pods', '-n', ReleaseNamespace, '-l', `app.kubernetes.io/instance=${Release}`, '-o', 'json'];
  await until(
    'no pod is leaving any more',
    async () => {
      const { items } = JSON.parse(await kubectl(pods)) as { items: { metadata: { deletionTimestamp?: string } }[] };
      return items.every(({ metadata }) => metadata.deletionTimestamp === undefined);
    },
    120,
  );
}

test('a rolling update of the gateway', async () => {
  const before = await endpoints();
  await expectNoFailure(async () => {
    await kubectl(['rollout', 'restart', '-n', ReleaseNamespace, workload]);
    await kubectl(['rollout', 'status', '-n', ReleaseNamespace, workload, '--timeout=150s']);
    await gone();
  }, 500);
  const after = await endpoints();
  expect(after).toHaveLength(replicas);
  expect(after.filter((each) => before.includes(each))).toEqual([]);
});

test('from one pod to three, and back to one', async () => {
  await scale(1);
  await gone();
  await expectNoFailure(async () => {
    await scale(3);
    await scale(1);
    await gone();
  });
});

test('the leader is told to go', async () => {
  await scale(2);
  await expectNoFailure(async () => {
    const leader = await holder();
    await kubectl(['delete', 'pod', '-n', ReleaseNamespace, podOf(leader), '--wait=false']);
    await otherThan(leader);
    await scale(2);
    await gone();
  });
});

test('the leader is killed: its own connections break, and within 15 s nobody is sent to it any more', async () => {
  await scale(2);
  const leader = await holder();
  const [first] = await addressesOf(podOf(leader));
  await kubectl(['delete', 'pod', '-n', ReleaseNamespace, podOf(leader), '--grace-period=0', '--force']);
  const killed = performance.now();
  await otherThan(leader);
  await until('nobody is sent to it', async () => !(await endpoints()).includes(first ?? ''));
  expect(performance.now() - killed).toBeLessThan(25_000);
  // As long as a client would need to meet a pod that is gone.
  await expectNoFailure(async () => {
    await scale(2);
    await sleep(5000);
  });
});

/** Who leads, as the Lease names it. */
async function holder(): Promise<string> {
  return until('there is a leader', async () => {
    const lease = await get<{ spec: { holderIdentity?: string } }>(
      ReleaseNamespace,
      `lease/${Release}-suuupra-gateway-leader`,
    );
    return lease.spec.holderIdentity || undefined;
  });
}

async function otherThan(leader: string): Promise<void> {
  await until('another one leads', async () => (await holder()) !== leader);
}

function podOf(identity: string): string {
  return identity.split('_')[0] ?? '';
}

async function addressesOf(pod: string): Promise<readonly string[]> {
  const { status } = await get<{ status: { podIPs: { ip: string }[] } }>(ReleaseNamespace, `pod/${pod}`);
  return status.podIPs.map(({ ip }) => ip);
}
