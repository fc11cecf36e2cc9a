/** The API server dies and is away for minutes under load: the gateway serves what it knows, and catches up when it is back. On the test cluster alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../ask.ts';
import { countingBackend } from '../backend.ts';
import { compact, deleteStored } from '../cluster/etcd.ts';
import { startApiServer, stopApiServer } from '../cluster/outage.ts';
import { forbiddenLines } from '../forbidden.ts';
import { gatewayAddress, httpGateway, httpRoute } from '../gateway.ts';
import { Release, ReleaseNamespace } from '../install.ts';
import { apply, createNamespace, deleteNamespace, get, kubectl } from '../kubectl.ts';
import { endpointsOf, gatewayPods, killProcessOf, leader, noneLeaves, workload } from '../pods.ts';
import type { RouteStatus } from '../route-status.ts';
import { startTraffic } from '../traffic.ts';
import { until } from '../until.ts';

const namespace = 'e2e-outage';
const host = 'outage.example.com';
/** s; every Lease has run out long before. */
const Away = Number(process.env['OUTAGE_SECONDS'] ?? 120);
let address = '';

const serves = async (hostname: string) => (await ask(`http://${address}/`, { host: hostname })).status === 200;
const hostOf = (name: string) => `${name}.example.com`;
const routeTo = (name: string) => httpRoute(name, 'shop', hostOf(name), 'shop');
/** `/readyz` of a pod: nobody would send it traffic without a 200. */
const readiness = async (ip: string) => ask(`http://${ip}:9902/readyz`);

beforeAll(async () => {
  await createNamespace(namespace);
  await apply(namespace, ...countingBackend('shop', 2), httpGateway('shop'), httpRoute('shop', 'shop', host, 'shop'));
  await kubectl(['rollout', 'status', '-n', namespace, 'deployment/shop', '--timeout=60s']);
  await kubectl(['rollout', 'status', '-n', ReleaseNamespace, workload, '--timeout=120s']);
  address = await gatewayAddress(namespace, 'shop');
  await until('the route answers', async () => serves(host));
  await until('every pod takes traffic', async () => {
    const ips = (await gatewayPods()).map(({ ip }) => ip);
    return (await endpointsOf(namespace, 'shop')).addresses.join() === ips.toSorted().join();
  });
});

afterAll(async () => {
  await startApiServer();
  await kubectl(['rollout', 'restart', '-n', ReleaseNamespace, workload]);
  await kubectl(['rollout', 'status', '-n', ReleaseNamespace, workload, '--timeout=150s']);
  await noneLeaves();
  await deleteNamespace(namespace);
});

/** Made now, it is served within seconds, and its status is written. */
async function expectCurrent(name: string): Promise<void> {
  await apply(namespace, routeTo(name));
  await until(`${name} is live`, async () => serves(hostOf(name)), 10);
  await until(`${name} has a status`, async () => {
    const { status } = await get<RouteStatus>(namespace, `httproute/${name}`);
    return status?.parents?.[0]?.conditions.some((each) => each.type === 'Accepted' && each.status === 'True');
  });
}

/** @returns how many requests there were meanwhile */
async function expectNoFailure(task: () => Promise<void>): Promise<number> {
  const traffic = startTraffic({ address, port: 80, host, perSecond: 300, postEvery: 10 });
  const problem = await task().then(
    () => undefined,
    (error: unknown) => error,
  );
  const { sent, failures } = await traffic.stop();
  if (problem !== undefined) throw problem;
  expect(failures).toEqual({});
  return sent;
}

// What is refused while an API server starts is looked at below; what was before must not be lost with the pods.
test('nobody was refused before', async () => {
  expect(await forbiddenLines(ReleaseNamespace, Release)).toEqual([]);
});

test(
  `away for ${Away} s: no request fails, no pod restarts or leaves, every edit is served`,
  async () => {
    const [pods, endpoints] = [await gatewayPods(), await endpointsOf(namespace, 'shop')];
    const sent = await expectNoFailure(async () => {
      await apply(namespace, routeTo('last'));
      await stopApiServer();
      await expect(apply(namespace, routeTo('refused'))).rejects.toThrow(/connection .*refused/);
      for (const back = performance.now() + Away * 1000; performance.now() < back; await sleep(1000))
        for (const { ip } of pods) expect(await readiness(ip)).toMatchObject({ status: 200 });
      for (const { ip } of pods) expect((await readiness(ip)).body).toMatch(/^ok, but not all changes arrive$/m);
      await startApiServer();
      await expectCurrent('first');
      expect(await serves(hostOf('last'))).toBe(true);
      // Longer than the silence after which a pod is taken for gone.
      for (const end = performance.now() + 20_000; performance.now() < end; await sleep(250))
        expect(await endpointsOf(namespace, 'shop')).toEqual(endpoints);
      const holder = await leader();
      expect(pods.map(({ name }) => name)).toContain(holder.split('_')[0]);
      await expectCurrent('second');
      expect(await leader()).toBe(holder);
    });
    expect(sent).toBeGreaterThan(Away * 250);
    expect(await gatewayPods()).toEqual(pods);
  },
  (Away + 180) * 1000,
);

test('a container that restarts meanwhile serves its last known good, and says so until it is over', async () => {
  const [pod] = await gatewayPods();
  if (pod === undefined) throw new Error('there is no gateway pod');
  const { port } = await endpointsOf(namespace, 'shop');
  const degraded = async () => /^suuupra_degraded (\d)$/m.exec((await ask(`http://${pod.ip}:9902/metrics`)).body)?.[1];
  await stopApiServer();
  killProcessOf(pod.name);
  await until('it is there again', async () => (await readiness(pod.ip)).body.startsWith('degraded: '), 30);
  expect(await readiness(pod.ip)).toMatchObject({ status: 200 });
  expect(await degraded()).toBe('1');
  expect(await ask(`http://${pod.ip}:${port}/`, { host })).toMatchObject({ status: 200 });
  await startApiServer();
  await expectCurrent('third');
  await until('all is well', async () => (await readiness(pod.ip)).body === 'ok\n', 20);
  expect(await degraded()).toBe('0');
  const third = async () => (await ask(`http://${pod.ip}:${port}/`, { host: hostOf('third') })).status;
  await until('it serves what is new', async () => (await third()) === 200, 5);
  const restarts = async () => (await gatewayPods()).find(({ name }) => name === pod.name)?.restarts;
  await until('the restart is counted', async () => (await restarts()) === pod.restarts + 1);
});

test('a history that is compacted meanwhile is read anew, and nothing flaps', async () => {
  await expectCurrent('doomed');
  const { metadata } = await get<{ metadata: { resourceVersion: string } }>(namespace, 'httproute/doomed');
  const watch = '/apis/gateway.networking.k8s.io/v1/httproutes?watch=1&timeoutSeconds=1&resourceVersion=';
  await expectNoFailure(async () => {
    await stopApiServer();
    // No watch will ever tell of it: only who lists again sees that it is gone.
    await deleteStored(`gateway.networking.k8s.io/httproutes/${namespace}/doomed`);
    await compact();
    await startApiServer();
    expect(await kubectl(['get', '--raw', watch + metadata.resourceVersion])).toContain('"code":410');
    await until('what is gone is not served', async () => !(await serves(hostOf('doomed'))), 10);
    await expectCurrent('fourth');
  });
});

test('an API server that starts refuses everybody for a moment; afterwards nobody is refused', async () => {
  const settled = Date.now();
  await sleep(5_000);
  const lines = await forbiddenLines(ReleaseNamespace, Release);
  expect(lines.filter((line) => Date.parse((JSON.parse(line) as { time: string }).time) > settled)).toEqual([]);
});
