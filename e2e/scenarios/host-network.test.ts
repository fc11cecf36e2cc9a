/** On the node's own network, as on bare metal: low ports with one capability, the node's address, no Service. With Roles alone and settings of its own. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../ask.ts';
import { echoBackend } from '../backend.ts';
import { forbiddenLines } from '../forbidden.ts';
import { gatewayAddress, httpGateway, httpRoute } from '../gateway.ts';
import { apply, createNamespace, deleteNamespace, get, kubectl } from '../kubectl.ts';
import { run } from '../run.ts';
import { until } from '../until.ts';

const namespace = 'e2e-host-network';
const release = 'node';
const values = {
  image: { repository: 'e2e.local/suuupra-gateway', tag: 'dev', pullPolicy: 'Never' },
  kind: 'DaemonSet',
  hostNetwork: { enabled: true },
  watchNamespaces: [namespace],
  gatewayClass: { enabled: false, name: 'node' },
  ingressClass: { enabled: false, name: 'node' },
  resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { cpu: '1', memory: '512Mi' } },
  drain: { delaySeconds: 1, timeoutSeconds: 5 },
};
const host = 'node.example.com';

beforeAll(async () => {
  await createNamespace(namespace);
  await apply(namespace, ...echoBackend('shop'));
  const set = [
    '--set-json',
    Object.entries(values)
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      .join(','),
  ];
  const chart = ['charts/suuupra-gateway', '-n', namespace, '--wait', '--timeout', '120s'];
  await run('helm', 'upgrade', '--install', release, ...chart, ...set);
});

afterAll(async () => {
  await run('helm', 'uninstall', release, '-n', namespace, '--wait').catch(() => '');
  await deleteNamespace(namespace);
});

test('a Gateway has the node’s address and answers on its port 80', async () => {
  const { items: nodes } = await get<{ items: { status: { addresses: { type: string; address: string }[] } }[] }>(
    'default',
    'nodes',
  );
  const addresses = nodes.flatMap(({ status }) => status.addresses.map(({ address }) => address));
  await apply(
    namespace,
    httpGateway('public', { gatewayClassName: 'node' }),
    httpRoute('shop', 'public', host, 'shop'),
  );
  const address = await gatewayAddress(namespace, 'public');
  expect(addresses).toContain(address);
  await until('the route answers', async () => (await ask(`http://${address}/`, { host })).status === 200);
  expect(await forbiddenLines(namespace, release)).toEqual([]);
});

test('there is no Service, neither the chart’s nor the Gateway’s', async () => {
  const selector = 'app.kubernetes.io/managed-by in (Helm,suuupra-gateway)';
  expect(await kubectl(['get', 'services', '-n', namespace, '-l', selector, '-o', 'name'])).toBe('');
});

test('the process is root with one capability and can gain no other', async () => {
  const pods = ['get', 'pods', '-n', namespace, '-l', `app.kubernetes.io/instance=${release}`, '-o', 'name'];
  // One on each node.
  const [pod = ''] = (await kubectl(pods)).split('\n');
  const script = "console.log(require('fs').readFileSync('/proc/1/status', 'utf8'))";
  const status = await kubectl(['exec', '-n', namespace, pod, '--', '/nodejs/bin/node', '-e', script]);
  expect(status).toMatch(/^Uid:\t0\t/m);
  // CAP_NET_BIND_SERVICE is bit 10.
  expect(status).toMatch(/^CapEff:\t0{13}400$/m);
  expect(status).toMatch(/^CapBnd:\t0{13}400$/m);
  expect(status).toMatch(/^NoNewPrivs:\t1$/m);
});
