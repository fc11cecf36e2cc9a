/** The three kinds of routes on one backend: each answers, and its status tells who serves it and what is wrong. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../ask.ts';
import { echoBackend } from '../backend.ts';
import { gatewayAddress, httpGateway, httpRoute } from '../gateway.ts';
import { Release } from '../install.ts';
import { apply, createNamespace, deleteNamespace, get, kubectl, type Manifest } from '../kubectl.ts';
import type { Condition, RouteStatus } from '../route-status.ts';
import { until } from '../until.ts';

const namespace = 'e2e-routes';

beforeAll(async () => {
  await createNamespace(namespace);
  await apply(namespace, ...echoBackend('shop'), httpGateway('shop'));
  await kubectl(['rollout', 'status', '-n', namespace, 'deployment/shop', '--timeout=60s']);
});

afterAll(async () => {
  await deleteNamespace(namespace);
});

test('an HTTPRoute serves and is accepted with its references resolved', async () => {
  const host = 'httproute.example.com';
  await apply(namespace, httpRoute('plain', 'shop', host, 'shop'));
  const address = await gatewayAddress(namespace, 'shop');
  const { body } = await until('the route answers', async () => {
    const answer = await ask(`http://${address}/orders?limit=1`, { host });
    return answer.status === 200 && answer;
  });
  expect(JSON.parse(body)).toMatchObject({ path: '/orders?limit=1', host, namespace, service: 'shop' });
  expect(await condition('httproute/plain', 'Accepted')).toMatchObject({ status: 'True', reason: 'Accepted' });
  expect(await condition('httproute/plain', 'ResolvedRefs')).toMatchObject({ status: 'True', reason: 'ResolvedRefs' });
});

test('a GatewayRoute serves, and shows its state to kubectl wait', async () => {
  const host = 'gatewayroute.example.com';
  const plain = httpRoute('own', 'shop', host, 'shop');
  await apply(namespace, { ...plain, apiVersion: 'gateway.suuupra.io/v1alpha1', kind: 'GatewayRoute' });
  await kubectl(['wait', '-n', namespace, '--for=condition=Ready', 'gatewayroute/own', '--timeout=30s']);
  const address = await gatewayAddress(namespace, 'shop');
  expect((await ask(`http://${address}/`, { host })).status).toBe(200);
});

test('an Ingress serves at the address that its status names', async () => {
  const host = 'ingress.example.com';
  const backend = { service: { name: 'shop', port: { number: 80 } } };
  const ingress: Manifest = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'old' },
    spec: {
      ingressClassName: Release,
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  };
  await apply(namespace, ingress);
  const address = await until('the Ingress has an address', async () => {
    const { status } = await get<{ status?: { loadBalancer?: { ingress?: { ip?: string }[] } } }>(
      namespace,
      'ingress/old',
    );
    return status?.loadBalancer?.ingress?.[0]?.ip;
  });
  await until('the Ingress answers', async () => (await ask(`http://${address}/`, { host })).status === 200);
});

test('a route to a Service that is not there answers 500, and kubectl describe says which Service', async () => {
  const host = 'broken.example.com';
  await apply(namespace, httpRoute('broken', 'shop', host, 'nowhere'));
  const refs = await until('the mistake is told', async () => {
    const found = await condition('httproute/broken', 'ResolvedRefs');
    return found?.status === 'False' && found;
  });
  expect(refs.reason).toBe('BackendNotFound');
  expect(refs.message).toContain('nowhere');
  const address = await gatewayAddress(namespace, 'shop');
  await until('the rule answers 500', async () => (await ask(`http://${address}/`, { host })).status === 500);
  expect(await kubectl(['describe', '-n', namespace, 'httproute/broken'])).toContain('nowhere');
});

async function condition(what: string, type: string): Promise<Condition | undefined> {
  const { status } = await get<RouteStatus>(namespace, what);
  return status?.parents?.[0]?.conditions.find((each) => each.type === type);
}
