/** A node is drained under load: the gateway and the backend that were on it move, and no request fails. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../ask.ts';
import { countingBackend } from '../backend.ts';
import { gatewayAddress, httpGateway, httpRoute } from '../gateway.ts';
import { ReleaseNamespace } from '../install.ts';
import { apply, createNamespace, deleteNamespace, kubectl } from '../kubectl.ts';
import { startTraffic } from '../traffic.ts';
import { until } from '../until.ts';

const namespace = 'e2e-drain';
const host = 'drain.example.com';
/** One that the gateway is on: which one depends on what ran before. */
let node = '';

beforeAll(async () => {
  await createNamespace(namespace);
});

afterAll(async () => {
  if (node !== '') await kubectl(['uncordon', node]);
  await deleteNamespace(namespace);
});

test('draining one of two nodes at 200 requests a second fails none', async () => {
  await apply(namespace, ...countingBackend('shop', 4), httpGateway('shop'), httpRoute('shop', 'shop', host, 'shop'));
  await kubectl(['rollout', 'status', '-n', namespace, 'deployment/shop', '--timeout=60s']);
  const address = await gatewayAddress(namespace, 'shop');
  await until('the route answers', async () => (await ask(`http://${address}/`, { host })).status === 200);
  node = await kubectl(['get', 'pods', '-n', ReleaseNamespace, '-o', 'jsonpath={.items[0].spec.nodeName}']);
  const onNode = ['-o', 'name', '--field-selector', `spec.nodeName=${node}`];
  expect(await kubectl(['get', 'pods', '-n', namespace, ...onNode])).toContain('pod/');

  const traffic = startTraffic({ address, port: 80, host, perSecond: 200, postEvery: 10 });
  await kubectl(['drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=120s']);
  await kubectl(['rollout', 'status', '-n', namespace, 'deployment/shop', '--timeout=60s']);
  const { sent, failures } = await traffic.stop();
  expect(failures).toEqual({});
  expect(sent).toBeGreaterThan(1000);
});
