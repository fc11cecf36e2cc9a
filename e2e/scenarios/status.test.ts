/** Statuses of many routes cost few writes, and the death of the leader costs seconds. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { echoBackend } from '../backend.ts';
import { gatewayAddress, httpGateway, httpRoute } from '../gateway.ts';
import { Release, ReleaseNamespace } from '../install.ts';
import { apply, createNamespace, deleteNamespace, get, kubectl } from '../kubectl.ts';
import type { Condition, RouteStatus } from '../route-status.ts';
import { until } from '../until.ts';

const namespace = 'e2e-status';
const Routes = 1_000;

beforeAll(async () => {
  await createNamespace(namespace);
  await apply(namespace, ...echoBackend('shop'), httpGateway('public'));
  await gatewayAddress(namespace, 'public');
});

afterAll(async () => {
  await deleteNamespace(namespace);
});

/** As the API server counts them: those that succeeded and those that met another write. */
async function statusWrites(): Promise<number> {
  const metrics = await kubectl(['get', '--raw', '/metrics']);
  const counts = metrics
    .split('\n')
    .filter((line) => /^apiserver_request_total\{.*resource="httproutes".*subresource="status"/.test(line))
    .map((line) => Number(line.split(' ').at(-1)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Whether all of these routes are accepted with a message that says `text`. */
async function areAccepted(text: string, selector: string, count: number): Promise<boolean> {
  const path = `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes?labelSelector=${selector}`;
  // Raw: kubectl takes seconds to print a thousand objects.
  const { items } = JSON.parse(await kubectl(['get', '--raw', path])) as { readonly items: readonly RouteStatus[] };
  const says = ({ type, status, message }: Condition) =>
    type === 'Accepted' && status === 'True' && message.includes(text);
  const accepted = items.filter(({ status }) => status?.parents?.some(({ conditions }) => conditions.some(says)));
  return accepted.length === count;
}

/** A few are asked until they say `text`, then all: asking a thousand takes its time. How long it takes is a figure (e2e/figures). */
async function untilAccepted(text: string): Promise<void> {
  await until(`a sample is accepted on ${text}`, async () => areAccepted(text, 'sample=0', Routes / 100), 90);
  await until(`every route is accepted on ${text}`, async () => areAccepted(text, '', Routes), 90);
}

test('the statuses of 1,000 new routes are written at most twice each', async () => {
  const before = await statusWrites();
  const routes = Array.from({ length: Routes }, (_, i) => {
    const route = httpRoute(`r${i}`, 'public', `r${i}.example.com`, 'shop');
    return { ...route, metadata: { ...route.metadata, labels: { sample: String(i % 100) } } };
  });
  await apply(namespace, ...routes);
  await untilAccepted('listener http');
  expect((await statusWrites()) - before).toBeLessThanOrEqual(2 * Routes);
}, 300_000);

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly acquireTime?: string;
  readonly renewTime?: string;
}

async function lease(): Promise<LeaseSpec> {
  return (await get<{ spec: LeaseSpec }>(ReleaseNamespace, `lease/${Release}-suuupra-gateway-leader`)).spec;
}

test.each([
  // Its process gets no time to give the Lease back.
  ['killed', ['--grace-period=0', '--force'], 15_000],
  ['told to go', ['--wait=false'], 5_000],
])('a leader that is %s is followed by another', async (how, flags, limit) => {
  const first = (await until('there is a leader', async () => (await lease()).holderIdentity || undefined)) ?? '';
  await kubectl(['delete', 'pod', '-n', ReleaseNamespace, first.split('_')[0] ?? '', ...flags]);
  // The last word of the former, renewal or release, as the next one saw it.
  let last = '';
  const { acquireTime = '' } = await until('another one leads', async () => {
    const spec = await lease();
    const isOther = spec.holderIdentity !== first && (spec.holderIdentity ?? '') !== '';
    if (!isOther) last = spec.renewTime ?? last;
    return isOther && spec;
  });
  expect(Date.parse(acquireTime) - Date.parse(last)).toBeLessThan(limit);
  const name = how.replaceAll(' ', '-');
  await apply(namespace, httpRoute(name, 'public', `${name}.example.com`, 'shop'));
  await until('it writes statuses', async () => {
    const { status } = await get<RouteStatus>(namespace, `httproute/${name}`);
    return status?.parents?.length === 1;
  });
  await kubectl([
    'rollout',
    'status',
    '-n',
    ReleaseNamespace,
    `deployment/${Release}-suuupra-gateway`,
    '--timeout=120s',
  ]);
});
