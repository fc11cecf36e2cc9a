/** A backend is rolled out under load: no request fails, none arrives twice. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../ask.ts';
import { countingBackend } from '../backend.ts';
import { gatewayAddress, httpGateway, httpRoute } from '../gateway.ts';
import { apply, createNamespace, deleteNamespace, kubectl } from '../kubectl.ts';
import { startTraffic } from '../traffic.ts';
import { until } from '../until.ts';

const namespace = 'e2e-rollout';
const host = 'rollout.example.com';

beforeAll(async () => {
  await createNamespace(namespace);
});

afterAll(async () => {
  await deleteNamespace(namespace);
});

test('a rolling update of the backend at 500 requests a second fails none', async () => {
  await apply(namespace, ...countingBackend('shop', 2), httpGateway('shop'), httpRoute('shop', 'shop', host, 'shop'));
  await kubectl(['rollout', 'status', '-n', namespace, 'deployment/shop', '--timeout=60s']);
  const address = await gatewayAddress(namespace, 'shop');
  await until('the route answers', async () => (await ask(`http://${address}/`, { host })).status === 200);
  const traffic = startTraffic({ address, port: 80, host, perSecond: 500, postEvery: 10 });
  await kubectl(['rollout', 'restart', '-n', namespace, 'deployment/shop']);
  await kubectl(['rollout', 'status', '-n', namespace, 'deployment/shop', '--timeout=90s']);
  const { sent, posts, failures } = await traffic.stop();
  expect(failures).toEqual({});
  expect(sent).toBeGreaterThan(1000);
  expect(posts.length).toBeGreaterThan(100);
  // Pods of the former generation are gone with their logs; what the present ones saw they saw once.
  const log = await kubectl(['logs', '-n', namespace, '-l', 'app=shop', '--tail=-1']);
  const seen = log.split('\n').filter((line) => line.startsWith('POST '));
  expect(seen.length).toBeGreaterThan(0);
  expect(seen).toHaveLength(new Set(seen).size);
});
