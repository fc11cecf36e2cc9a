/** The gateway itself is rolled out, scaled and loses its leader under load: no request fails. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../ask.ts';
import { countingBackend } from '../backend.ts';
import { gatewayAddress, httpGateway, httpRoute } from '../gateway.ts';
import { ReleaseNamespace } from '../install.ts';
import { apply, createNamespace, deleteNamespace, get, kubectl } from '../kubectl.ts';
import { endpointsOf, leader, noneLeaves, workload } from '../pods.ts';
import { startTraffic } from '../traffic.ts';
import { until } from '../until.ts';

const namespace = 'e2e-gateway-rollout';
const host = 'gateway-rollout.example.com';
let replicas = 0;
let address = '';

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

async function endpoints(): Promise<readonly string[]> {
  return (await endpointsOf(namespace, 'shop')).addresses;
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

test('a rolling update of the gateway', async () => {
  const before = await endpoints();
  await expectNoFailure(async () => {
    await kubectl(['rollout', 'restart', '-n', ReleaseNamespace, workload]);
    await kubectl(['rollout', 'status', '-n', ReleaseNamespace, workload, '--timeout=150s']);
    await noneLeaves();
  }, 500);
  const after = await endpoints();
  expect(after).toHaveLength(replicas);
  expect(after.filter((each) => before.includes(each))).toEqual([]);
});

test('from one pod to three, and back to one', async () => {
  await scale(1);
  await noneLeaves();
  await expectNoFailure(async () => {
    await scale(3);
    await scale(1);
    await noneLeaves();
  });
});

test('the leader is told to go', async () => {
  await scale(2);
  await expectNoFailure(async () => {
    const first = await leader();
    await kubectl(['delete', 'pod', '-n', ReleaseNamespace, podOf(first), '--wait=false']);
    await otherThan(first);
    await scale(2);
    await noneLeaves();
  });
});

test('the leader is killed: its own connections break, and within 15 s nobody is sent to it any more', async () => {
  await scale(2);
  const first = await leader();
  const [deadAddress] = await addressesOf(podOf(first));
  await kubectl(['delete', 'pod', '-n', ReleaseNamespace, podOf(first), '--grace-period=0', '--force']);
  const killed = performance.now();
  await otherThan(first);
  await until('nobody is sent to it', async () => !(await endpoints()).includes(deadAddress ?? ''));
  expect(performance.now() - killed).toBeLessThan(25_000);
  // As long as a client would need to meet a pod that is gone.
  await expectNoFailure(async () => {
    await scale(2);
    await sleep(5000);
  });
});

async function otherThan(former: string): Promise<void> {
  await until('another one leads', async () => (await leader()) !== former);
}

function podOf(identity: string): string {
  return identity.split('_')[0] ?? '';
}

async function addressesOf(pod: string): Promise<readonly string[]> {
  const { status } = await get<{ status: { podIPs: { ip: string }[] } }>(ReleaseNamespace, `pod/${pod}`);
  return status.podIPs.map(({ ip }) => ip);
}
