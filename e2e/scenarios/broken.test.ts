/** 1,000 objects with mistakes beside 100 without: those are served as before, to the byte; each mistake is explained where it was made. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../ask.ts';
import { echoBackend } from '../backend.ts';
import { gatewayAddress, httpGateway, httpRoute } from '../gateway.ts';
import { ReleaseNamespace } from '../install.ts';
import { apply, createNamespace, deleteNamespace, kubectl, type Manifest } from '../kubectl.ts';
import type { RouteStatus } from '../route-status.ts';
import { until } from '../until.ts';

const namespace = 'e2e-broken';
const goodHosts = Array.from({ length: 100 }, (_, i) => `good-${i}.example.com`);
const mistakes: readonly ((name: string) => Manifest)[] = [
  (name) => httpRoute(name, 'shop', `${name}.example.com`, 'nowhere'),
  (name) => httpRoute(name, 'nobody', `${name}.example.com`, 'shop'),
  (name) => withRule(name, { backendRefs: [{ group: 'example.com', kind: 'Bucket', name: 'shop', port: 80 }] }),
  (name) => withRule(name, { backendRefs: [{ name: 'shop', namespace: 'default', port: 80 }] }),
  (name) => withRule(name, { matches: [{ path: { type: 'RegularExpression', value: '/(a' } }] }),
];
let address = '';

interface Route extends RouteStatus {
  readonly metadata: { readonly name: string };
}

beforeAll(async () => {
  await createNamespace(namespace);
  await apply(namespace, ...echoBackend('shop'), httpGateway('shop'));
  await kubectl(['rollout', 'status', '-n', namespace, 'deployment/shop', '--timeout=60s']);
  await apply(namespace, ...goodHosts.map((host, i) => httpRoute(`good-${i}`, 'shop', host, 'shop')));
  address = await gatewayAddress(namespace, 'shop');
}, 180_000);

afterAll(async () => {
  await deleteNamespace(namespace);
});

test('good routes are served as before, and every broken one says what is wrong', async () => {
  for (const host of goodHosts)
    await until(`${host} is served`, async () => (await ask(`http://${address}/`, { host })).status === 200);
  const before = await answers();
  const restarts = await kubectl(podField('{.items[*].status.containerStatuses[*].restartCount}'));

  const broken = Array.from({ length: 1000 }, (_, i) => mistakes[i % mistakes.length]?.(`broken-${i}`)).filter(
    (manifest) => manifest !== undefined,
  );
  for (let i = 0; i < broken.length; i += 250) await apply(namespace, ...broken.slice(i, i + 250));
  const unexplained = async (): Promise<string[]> => {
    const { items } = JSON.parse(await kubectl(['get', 'httproutes', '-n', namespace, '-o', 'json'])) as {
      items: Route[];
    };
    // A route whose parent is not ours has no entry: nobody is asked.
    const ours = items.filter(
      ({ metadata: { name } }) => name.startsWith('broken-') && Number(name.slice(7)) % mistakes.length !== 1,
    );
    return ours.filter((route) => !isExplained(route)).map(({ metadata }) => metadata.name);
  };
  await until('every mistake is explained', async () => (await unexplained()).length === 0, 90);

  expect(await answers()).toEqual(before);
  expect(await kubectl(podField('{.items[*].status.containerStatuses[*].restartCount}'))).toBe(restarts);
}, 300_000);

/**
 * Bodies without what differs from one request to the next: the request's id, and the client's address, in whose place kube-proxy puts that of
 * the node on the way to the gateway pod it chose.
 */
async function answers(): Promise<string[]> {
  const texts: string[] = [];
  for (const host of goodHosts) {
    const { status, body } = await ask(`http://${address}/x?y=${host}`, { host });
    texts.push(`${status} ${body.replace(/"(X-Request-Id|X-Forwarded-For|X-Real-Ip)": \[\s*"[\w.]+"/g, '$1')}`);
  }
  return texts;
}

function isExplained({ status }: Route): boolean {
  const [parent] = status?.parents ?? [];
  return parent?.conditions.some((condition) => condition.status === 'False' && condition.message.length > 10) === true;
}

function podField(jsonpath: string): string[] {
  const selector = 'app.kubernetes.io/name=suuupra-gateway';
  return ['get', 'pods', '-n', ReleaseNamespace, '-l', selector, '-o', `jsonpath=${jsonpath}`];
}

function withRule(name: string, rule: object): Manifest {
  const route = httpRoute(name, 'shop', `${name}.example.com`, 'shop');
  const [first] = (route['spec'] as { readonly rules: readonly object[] }).rules;
  return { ...route, spec: { ...(route['spec'] as object), rules: [{ ...first, ...rule }] } };
}
