/** A pod that takes traffic and does not keep up: routes are accepted all the same, and nothing is said to be programmed that is not. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { gatewayAddress, httpGateway } from '../gateway.ts';
import { ReleaseNamespace } from '../install.ts';
import { apply, createNamespace, deleteNamespace, get, kubectl, type Manifest } from '../kubectl.ts';
import { until } from '../until.ts';

const namespace = 'e2e-quorum';
/** Not a pod at all, but nobody can tell: its Lease says what a pod's would, and is never renewed. */
const stuck = 'e2e-stuck-pod';

beforeAll(async () => {
  await createNamespace(namespace);
  await apply(namespace, httpGateway('public'));
  await gatewayAddress(namespace, 'public');
});

afterAll(async () => {
  await kubectl(['delete', 'lease', '-n', ReleaseNamespace, stuck, '--ignore-not-found']);
  await deleteNamespace(namespace);
});

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message: string;
}

function route(name: string): Manifest {
  return {
    apiVersion: 'gateway.suuupra.io/v1alpha1',
    kind: 'GatewayRoute',
    metadata: { name },
    spec: {
      parentRefs: [{ name: 'public' }],
      hostnames: [`${name}.example.com`],
      rules: [{ filters: [{ type: 'DirectResponse', directResponse: { statusCode: 200 } }] }],
    },
  };
}

async function conditionOf(name: string, type: string): Promise<Condition | undefined> {
  const { status } = await get<{ status?: { conditions?: readonly Condition[] } }>(namespace, `gatewayroute/${name}`);
  return status?.conditions?.find((condition) => condition.type === type);
}

test('what it does not serve is Accepted after five seconds, and Programmed once it is out of quorum', async () => {
  await apply(ReleaseNamespace, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: stuck,
      labels: { 'gateway.suuupra.io/component': 'pod' },
      annotations: {
        'gateway.suuupra.io/ready': 'true',
        // TEST-NET-1: nobody is there. It stands in the slices of Gateways as long as it counts.
        'gateway.suuupra.io/pod-ip': '192.0.2.9',
        'gateway.suuupra.io/acknowledged': '{}',
      },
    },
    spec: { holderIdentity: stuck, leaseDurationSeconds: 15, renewTime: new Date().toISOString().replace('Z', '000Z') },
  });
  const began = performance.now();
  await apply(namespace, route('one'));
  await until('it is accepted', async () => (await conditionOf('one', 'Accepted'))?.status === 'True');
  expect(performance.now() - began).toBeGreaterThan(3_000);
  expect(await conditionOf('one', 'Programmed')).toMatchObject({
    status: 'Unknown',
    reason: 'Pending',
    message: `gateway pod ${stuck} does not serve this configuration yet`,
  });
  await until('it is programmed', async () => (await conditionOf('one', 'Programmed'))?.status === 'True', 30);
  expect(performance.now() - began).toBeGreaterThan(10_000);
}, 120_000);
