/** What objects must not make the gateway dial: the API server, metadata services, itself; and what is off unless somebody allows it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../ask.ts';
import { echoBackend } from '../backend.ts';
import { gatewayAddress, httpGateway, httpRoute } from '../gateway.ts';
import { ReleaseNamespace } from '../install.ts';
import { apply, createNamespace, deleteNamespace, get, kubectl, type Manifest } from '../kubectl.ts';
import type { RouteStatus } from '../route-status.ts';
import { until } from '../until.ts';

const namespace = 'e2e-egress';
let address = '';

interface Slices {
  readonly items: readonly { readonly endpoints: readonly { readonly addresses: readonly string[] }[] }[];
}

beforeAll(async () => {
  await createNamespace(namespace);
  await apply(
    namespace,
    ...echoBackend('shop'),
    httpGateway('shop'),
    httpRoute('shop', 'shop', 'good.example.com', 'shop'),
  );
  await kubectl(['rollout', 'status', '-n', namespace, 'deployment/shop', '--timeout=60s']);
  address = await gatewayAddress(namespace, 'shop');
  await until('the good route answers', async () => (await status('good.example.com')) === 200);
});

afterAll(async () => {
  await deleteNamespace(namespace);
});

test('EndpointSlices that name the API server, a metadata service or a gateway pod are not followed', async () => {
  const text = await kubectl([
    'get',
    'endpointslices',
    '-n',
    'default',
    '-l',
    'kubernetes.io/service-name=kubernetes',
    '-o',
    'json',
  ]);
  const apiServer = (JSON.parse(text) as Slices).items[0]?.endpoints[0]?.addresses[0] ?? '';
  const service = await kubectl(['get', 'service', '-n', 'default', 'kubernetes', '-o', 'jsonpath={.spec.clusterIP}']);
  expect([apiServer, service].every((each) => each.startsWith('10.'))).toBe(true);
  const selector = 'app.kubernetes.io/name=suuupra-gateway';
  const path = '{.items[*].status.podIP}';
  const pods = (await kubectl(['get', 'pods', '-n', ReleaseNamespace, '-l', selector, '-o', `jsonpath=${path}`])).split(
    ' ',
  );
  expect(pods.length).toBeGreaterThan(0);
  const targets: Readonly<Record<string, readonly [string, number]>> = {
    apiserver: [apiServer, 6443],
    service: [service, 443],
    alibaba: ['100.100.100.200', 80],
    // Where Ingresses are served: whoever gets there is answered 404.
    ...Object.fromEntries(pods.map((ip, i) => [`pod${i}`, [ip, 10_080] as const])),
  };
  for (const [name, [ip, port]] of Object.entries(targets)) {
    await apply(namespace, ...pointed(name, ip, port), httpRoute(name, 'shop', `${name}.example.com`, name));
  }
  // Served, by a rule of its own: 503 because no endpoint is left, not 404 because the route is not there yet.
  for (const name of Object.keys(targets)) {
    await until(`${name} has no endpoint`, async () => (await status(`${name}.example.com`)) === 503);
  }
  expect(await status('good.example.com')).toBe(200);
});

test('a Service of type ExternalName is not followed, and the status says what to write instead', async () => {
  const spec = { type: 'ExternalName', externalName: 'kubernetes.default.svc.cluster.local' };
  const service: Manifest = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'outside' }, spec };
  await apply(namespace, service, httpRoute('outside', 'shop', 'outside.example.com', 'outside'));
  await until('the rule answers 500', async () => (await status('outside.example.com')) === 500);
  // The status follows when every pod serves it.
  const refs = await until('the route has a status', async () => {
    const route = await get<RouteStatus>(namespace, 'httproute/outside');
    return route.status?.parents?.[0]?.conditions.find(({ type }) => type === 'ResolvedRefs');
  });
  expect(refs.status).toBe('False');
  expect(refs.message).toContain('ExternalName');
});

async function status(host: string): Promise<number> {
  return (await ask(`http://${address}/`, { host })).status;
}

/** A Service without a selector, with an EndpointSlice that somebody wrote by hand. */
function pointed(name: string, ip: string, port: number): Manifest[] {
  const labels = { 'kubernetes.io/service-name': name, 'endpointslice.kubernetes.io/managed-by': 'somebody' };
  return [
    { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ name: 'http', port: 80 }] } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, labels },
      addressType: 'IPv4',
      ports: [{ name: 'http', port, protocol: 'TCP' }],
      endpoints: [{ addresses: [ip], conditions: { ready: true } }],
    },
  ];
}
