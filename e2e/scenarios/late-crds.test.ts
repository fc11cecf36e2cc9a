/** A kind of Gateway API that comes after the gateway, or goes and comes back: it is waited for, and nobody restarts for it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../ask.ts';
import { gatewayAddress, httpGateway } from '../gateway.ts';
import { ReleaseNamespace } from '../install.ts';
import { apply, createNamespace, deleteNamespace, get, kubectl, type Manifest } from '../kubectl.ts';
import { gatewayPods, noneLeaves, workload } from '../pods.ts';
import { until } from '../until.ts';

const namespace = 'e2e-late-crds';
const crd = 'customresourcedefinition/listenersets.gateway.networking.k8s.io';
const port = 8089;
let definition: Manifest | undefined;
let address = '';

beforeAll(async () => {
  await createNamespace(namespace);
  definition = await get('default', crd);
  const allowedListeners = { namespaces: { from: 'Same' } };
  await apply(namespace, httpGateway('shop', { allowedListeners }), answer('direct', 'Gateway', 'shop'));
  address = await gatewayAddress(namespace, 'shop');
});

afterAll(async () => {
  await install();
  await deleteNamespace(namespace);
});

/** As it was before somebody took it away. */
async function install(): Promise<void> {
  if (definition === undefined) return;
  const { metadata, spec, ...type } = definition;
  const { name, labels, annotations } = metadata;
  await apply('default', { ...type, metadata: { name, labels, annotations }, spec });
  await kubectl(['wait', '--for=condition=Established', crd, '--timeout=30s']);
}

function answer(body: string, kind: string, name: string): Manifest {
  const filter = { type: 'DirectResponse', directResponse: { statusCode: 200, body } };
  const parent = { group: 'gateway.networking.k8s.io', kind, name };
  return {
    apiVersion: 'gateway.suuupra.io/v1alpha1',
    kind: 'GatewayRoute',
    metadata: { name: body },
    spec: { parentRefs: [parent], rules: [{ name: 'all', filters: [filter] }] },
  };
}

const listenerSet: Manifest = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'ListenerSet',
  metadata: { name: 'more' },
  spec: { parentRef: { name: 'shop' }, listeners: [{ name: 'more', port, protocol: 'HTTP' }] },
};
const bodyAt = async (at: number) => (await ask(`http://${address}:${at}/`)).body;

test('a gateway starts without a kind, serves what it knows, and takes the kind up when it is installed', async () => {
  await kubectl(['delete', crd]);
  await kubectl(['rollout', 'restart', '-n', ReleaseNamespace, workload]);
  await kubectl(['rollout', 'status', '-n', ReleaseNamespace, workload, '--timeout=150s']);
  await noneLeaves();
  const pods = await gatewayPods();
  await until('it serves', async () => (await bodyAt(80)) === 'direct');
  await install();
  await apply(namespace, listenerSet, answer('more', 'ListenerSet', 'more'));
  // The kind is looked for every three seconds.
  await until('the new kind is served', async () => (await bodyAt(port)) === 'more', 15);
  expect(await gatewayPods()).toEqual(pods);
});

test('a kind that is removed takes its objects along, and comes back', async () => {
  const pods = await gatewayPods();
  await kubectl(['delete', crd]);
  expect(await bodyAt(80)).toBe('direct');
  // Held for 30 s, since a deleted CRD may be a mistake (--mass-delete-hold).
  expect(await bodyAt(port)).toBe('more');
  const gone = async () => (await ask(`http://${address}:${port}/`).catch(() => undefined)) === undefined;
  await until('its listener is gone', gone, 60);
  expect(await bodyAt(80)).toBe('direct');
  await install();
  await apply(namespace, listenerSet);
  await until('it is served again', async () => (await bodyAt(port)) === 'more', 15);
  expect(await gatewayPods()).toEqual(pods);
});
