/** A release from its first day to its last: install, upgrade, rollback, uninstall, with traffic. In namespaced mode, beside the gateway that serves the others. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../ask.ts';
import { echoBackend } from '../backend.ts';
import { chartOfVersion } from '../charts/other-version.ts';
import { forbiddenLines } from '../forbidden.ts';
import { gatewayAddress, httpGateway, httpRoute } from '../gateway.ts';
import { apply, createNamespace, deleteNamespace, get, kubectl } from '../kubectl.ts';
import { run } from '../run.ts';
import { startTraffic } from '../traffic.ts';
import { until } from '../until.ts';

const namespace = 'e2e-release';
const release = 'edge';
const workload = `deployment/${release}-suuupra-gateway`;
const host = 'release.example.com';
const values = {
  image: { repository: 'e2e.local/suuupra-gateway', tag: 'dev', pullPolicy: 'Never' },
  watchNamespaces: [namespace],
  gatewayClass: { enabled: false, name: 'edge' },
  ingressClass: { enabled: false, name: 'edge' },
  resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { cpu: '1', memory: '512Mi' } },
  drain: { delaySeconds: 8, timeoutSeconds: 10 },
};
const upgrade = (chart: string, more: object = {}) => {
  const set = [
    '--set-json',
    Object.entries({ ...values, ...more })
      .map(([k, v]) => `${k}=${JSON.stringify(v)}`)
      .join(','),
  ];
  return run('helm', 'upgrade', '--install', release, chart, '-n', namespace, '--wait', '--timeout', '120s', ...set);
};
const version = async () =>
  (await get<{ metadata: { labels: Record<string, string> } }>(namespace, workload)).metadata.labels['helm.sh/chart'];

let address = '';

beforeAll(async () => {
  await createNamespace(namespace);
  // The whole namespace, and with it the gateway, is held to the strictest level.
  await kubectl(['label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted']);
  await apply(namespace, ...echoBackend('shop'));
});

afterAll(async () => {
  await run('helm', 'uninstall', release, '-n', namespace).catch(() => '');
  await deleteNamespace(namespace);
});

test('the chart of the release before is installed, and serves', async () => {
  using before = chartOfVersion('suuupra-gateway', '0.0.9');
  const notes = await upgrade(before.folder);
  expect(notes).toContain(`Only these namespaces are read: ${namespace}.`);
  await apply(
    namespace,
    httpGateway('public', { gatewayClassName: 'edge' }),
    httpRoute('shop', 'public', host, 'shop'),
  );
  address = await gatewayAddress(namespace, 'public');
  await until('the route answers', async () => (await ask(`http://${address}/`, { host })).status === 200);
  expect(await forbiddenLines(namespace, release)).toEqual([]);
});

test('it has no rights beyond its namespace', async () => {
  const who = `--as=system:serviceaccount:${namespace}:${release}-suuupra-gateway`;
  const may = async (...words: string[]) => (await kubectl(['auth', 'can-i', ...words, who]).catch(() => 'no')).trim();
  expect(await may('get', 'secrets', '-n', namespace)).toBe('yes');
  expect(await may('get', 'secrets', '-n', 'default')).toBe('no');
  expect(await may('list', 'namespaces')).toBe('no');
});

test('upgrade and rollback cost no request', async () => {
  const traffic = startTraffic({ address, port: 80, host, perSecond: 100 });
  await upgrade('charts/suuupra-gateway', { podAnnotations: { changed: 'yes' } });
  expect(await version()).toMatch(/^suuupra-gateway-(?!0\.0\.9)/);
  expect(await forbiddenLines(namespace, release)).toEqual([]);
  await run('helm', 'rollback', release, '1', '-n', namespace, '--wait', '--timeout', '120s');
  expect(await version()).toBe('suuupra-gateway-0.0.9');
  const { sent, failures } = await traffic.stop();
  expect(sent).toBeGreaterThan(500);
  expect(failures).toEqual({});
});

test('uninstall leaves nothing of the release, and the objects of users as they are', async () => {
  await run('helm', 'uninstall', release, '-n', namespace, '--wait');
  const kinds =
    'deployments,serviceaccounts,roles,rolebindings,poddisruptionbudgets,networkpolicies,configmaps,services';
  const left = await kubectl([
    'get',
    kinds,
    '-n',
    namespace,
    '-l',
    `app.kubernetes.io/instance=${release}`,
    '-o',
    'name',
  ]);
  expect(left).toBe('');
  const policies = await kubectl(['get', 'validatingadmissionpolicies', '-o', 'name']);
  expect(policies).not.toContain(`${namespace}.`);
  expect(await get(namespace, 'httproute/shop')).toMatchObject({ spec: { hostnames: [host] } });
});
