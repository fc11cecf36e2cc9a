/** A team takes the hostname of another one: the oldest route keeps it, and the loser is told by whom. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../ask.ts';
import { echoBackend } from '../backend.ts';
import { gatewayAddress, httpGateway, httpRoute } from '../gateway.ts';
import { Release } from '../install.ts';
import { apply, createNamespace, deleteNamespace, kubectl } from '../kubectl.ts';
import { until } from '../until.ts';

const [owner, thief] = ['e2e-owner', 'e2e-thief'];
const host = 'shop.example.com';

beforeAll(async () => {
  for (const namespace of [owner, thief]) {
    await createNamespace(namespace);
    await apply(namespace, ...echoBackend('shop'));
  }
  for (const namespace of [owner, thief]) {
    await kubectl(['rollout', 'status', '-n', namespace, 'deployment/shop', '--timeout=60s']);
  }
});

afterAll(async () => {
  await deleteNamespace(owner);
  await deleteNamespace(thief);
});

test('the oldest route serves the hostname, until it is gone', async () => {
  const listener = { name: 'http', port: 80, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'All' } } };
  await apply(owner, httpGateway('shared', { gatewayClassName: Release, listeners: [listener] }));
  const address = await gatewayAddress(owner, 'shared');
  const servedBy = async (): Promise<string> => {
    const { status, body } = await ask(`http://${address}/`, { host });
    return status === 200 ? (JSON.parse(body) as { namespace: string }).namespace : String(status);
  };
  await apply(owner, httpRoute('shop', 'shared', host, 'shop'));
  await until('the owner serves', async () => (await servedBy()) === owner);
  // Age has seconds.
  await sleep(1100);
  const stolen = httpRoute('aaa-shop', 'shared', host, 'shop');
  const parentRefs = [{ name: 'shared', namespace: owner }];
  await apply(thief, { ...stolen, spec: { ...(stolen['spec'] as object), parentRefs } });
  const told = await until('the loser is told', async () => {
    const text = await kubectl(['describe', '-n', thief, 'httproute/aaa-shop']);
    return text.includes(`${owner}/shop`) && text;
  });
  expect(told).toMatch(new RegExp(`HTTPRoute ${owner}/shop`));
  for (let i = 0; i < 20; i++) expect(await servedBy()).toBe(owner);
  await kubectl(['delete', '-n', owner, 'httproute/shop']);
  await until('the other one serves', async () => (await servedBy()) === thief);
});
