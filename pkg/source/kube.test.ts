/** Objects from an API server in memory: what arrives when, and what is left out. */
import { describe, expect, test } from '@jest/globals';
import { validateObject } from '../api/validate.ts';
import { KubeError } from '../kube/api.ts';
import type { Progress } from '../kube/versions.ts';
import { FakeClock } from '../store/clock.testing.ts';
import { MemoryApiServer } from '../testkit/apiserver.ts';
import { knownCollections } from '../testkit/apiserver-kinds.ts';
import { assumedObjects } from './assumed.ts';
import { KubeSource, type KubeSourceOptions } from './kube.ts';
import type { Change, SourceProblem } from './source.ts';

const gateway = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: {
    name: 'public',
    namespace: 'infra',
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
  },
  spec: {
    gatewayClassName: 'suuupra',
    listeners: [{ name: 'https', port: 443, protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'tls' }] } }],
  },
};
const secret = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'infra' },
  data: { 'tls.crt': 'YQ==', 'tls.key': 'Yg==' },
});
const route = (service: string) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'orders', namespace: 'shop' },
  spec: {
    parentRefs: [{ name: 'public', namespace: 'infra' }],
    rules: [{ backendRefs: [{ name: service, port: 80 }] }],
  },
});
const slice = (service: string, address: string) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: `${service}-1`, namespace: 'shop', labels: { 'kubernetes.io/service-name': service } },
  addressType: 'IPv4',
  endpoints: [{ addresses: [address] }],
  ports: [{ port: 8080 }],
});

async function settled(): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve();
}

function setUp(extra: Partial<KubeSourceOptions> = {}) {
  const api = new MemoryApiServer(knownCollections());
  const clock = new FakeClock();
  const batches: string[][] = [];
  let problems: readonly SourceProblem[] = [];
  const failures: string[] = [];
  const source = new KubeSource({
    api,
    validate: validateObject,
    namespaces: [],
    clock,
    random: () => 0.5,
    onFailure: (what, error) => failures.push(`${what}: ${error.message}`),
    ...extra,
  });
  const nameOf = (change: Change) => {
    if (change.kind === 'remove') return `-${change.ref.kind}/${change.ref.name}`;
    return `${change.object.kind}/${change.object.metadata.name}`;
  };
  let read: Progress | undefined;
  const sink = {
    apply(changes: readonly Change[], progress?: Progress) {
      if (changes.length > 0) batches.push(changes.map(nameOf));
      read = progress;
    },
    problems: (found: readonly SourceProblem[]) => void (problems = found),
  };
  return { api, clock, batches, source, sink, failures, problems: () => problems, read: () => read };
}

describe('the first state', () => {
  test('comes as one batch, with the Secrets and endpoints that somebody refers to, and no others', async () => {
    const { api, source, sink, batches } = setUp();
    for (const object of [
      secret('tls'),
      secret('other'),
      slice('orders', '10.0.0.1'),
      slice('idle', '10.0.0.2'),
      gateway,
      route('orders'),
    ]) {
      await api.apply(object);
    }
    await source.start(sink);
    expect(batches.map((batch) => batch.toSorted())).toEqual([
      ['EndpointSlice/orders-1', 'Gateway/public', 'HTTPRoute/orders', 'Secret/tls'],
    ]);
    expect(api.requests.filter((request) => request.includes('/secrets/'))).toEqual([
      'GET /api/v1/namespaces/infra/secrets/tls',
    ]);
    await source.close();
  });

  test('has what the gateway itself needs, and follows it', async () => {
    const { api, source, sink, batches } = setUp({ needs: ['Secret/infra/tls'] });
    for (const object of [secret('tls'), secret('other')]) await api.apply(object);
    await source.start(sink);
    expect(batches).toEqual([['Secret/tls']]);
    await api.apply({ ...secret('tls'), data: { 'tls.crt': 'Yw==', 'tls.key': 'ZA==' } });
    await settled();
    await api.remove(secret('tls'));
    await settled();
    await api.apply(secret('tls'));
    await settled();
    expect(batches.slice(1)).toEqual([['Secret/tls'], ['-Secret/tls'], ['Secret/tls']]);
    await source.close();
  });

  test('does not wait for CRDs that are missing, and takes them up when they come', async () => {
    const { api, source, sink, batches, clock } = setUp();
    for (const key of api.served) if (key.startsWith('gateway.')) api.served.delete(key);
    await source.start(sink);
    expect(batches).toEqual([]);
    for (const key of Object.keys(knownCollections())) api.served.add(key);
    await api.apply(gateway);
    clock.advance(4_000);
    await settled();
    expect(batches).toEqual([['Gateway/public']]);
    await source.close();
  });

  test('says which kinds it may not read, and reads the rest', async () => {
    const { api, source, sink, batches, problems } = setUp();
    api.fault = ({ path }) =>
      path.includes('secrets') ? new KubeError('secrets is forbidden', { code: 403, reason: 'Forbidden' }) : undefined;
    await api.apply(gateway);
    await source.start(sink);
    expect(batches).toEqual([['Gateway/public']]);
    expect(problems()).toMatchObject([{ object: 'Secret', hint: 'grant get, list and watch to its ServiceAccount' }]);
    await source.close();
  });
});

describe('a change', () => {
  test('of a route brings the endpoints of its new Service in the same batch, and lets the others go', async () => {
    const { api, source, sink, batches } = setUp();
    for (const object of [slice('a', '10.0.0.1'), slice('b', '10.0.0.2'), route('a')]) await api.apply(object);
    await source.start(sink);
    await api.apply(route('b'));
    await settled();
    expect(batches.slice(1).map((batch) => batch.toSorted())).toEqual([
      ['-EndpointSlice/a-1', 'EndpointSlice/b-1', 'HTTPRoute/orders'],
    ]);
    await api.apply(slice('a', '10.0.0.9'));
    await api.apply(slice('b', '10.0.0.9'));
    await settled();
    expect(batches.slice(2)).toEqual([['EndpointSlice/b-1']]);
    await source.close();
  });

  test('of a Secret that is referred to is fetched; one of a status alone is none', async () => {
    const { api, source, sink, batches } = setUp();
    await api.apply(gateway);
    await source.start(sink);
    await api.apply(secret('tls'));
    await settled();
    expect(batches.slice(1)).toEqual([['Secret/tls']]);
    const path = '/apis/gateway.networking.k8s.io/v1/namespaces/infra/gateways/public/status';
    const body = { status: { conditions: [] } };
    await api.send({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' });
    await settled();
    expect(batches).toHaveLength(2);
    await source.close();
  });

  test('that is invalid keeps the former object and says what is wrong', async () => {
    const { api, source, sink, batches, problems } = setUp();
    await api.apply(gateway);
    await source.start(sink);
    await api.apply({ ...gateway, spec: { ...gateway.spec, listeners: [] } });
    await settled();
    expect(batches).toHaveLength(1);
    expect(problems()).toMatchObject([{ object: 'Gateway/infra/public', path: 'spec.listeners' }]);
    await api.apply(gateway);
    await settled();
    expect(problems()).toEqual([]);
    await source.close();
  });
});

describe('trouble', () => {
  test('an ended history lists again and tells only what differs', async () => {
    const { api, source, sink, batches, clock } = setUp();
    for (const object of [gateway, route('a')]) await api.apply(object);
    await source.start(sink);
    clock.advance(5_000);
    api.fault = ({ query }) =>
      query?.['watch'] === '1' ? new KubeError('gone', { code: 410, reason: 'Expired' }) : undefined;
    api.disconnect();
    await api.remove(route('a'));
    api.compact();
    api.fault = undefined;
    await settled();
    expect(batches.slice(1)).toEqual([['-HTTPRoute/orders']]);
    await source.close();
  });

  test('an API server that is away changes nothing, and what was missed comes when it is back', async () => {
    const { api, source, sink, batches, clock, failures } = setUp();
    await api.apply(gateway);
    await source.start(sink);
    api.fault = () => new KubeError('connect ECONNREFUSED', { code: 0 });
    api.disconnect();
    await api.apply(route('a'));
    await settled();
    expect(batches).toHaveLength(1);
    expect(failures.some((failure) => failure.startsWith('HTTPRoute: '))).toBe(true);
    api.fault = undefined;
    clock.advance(60_000);
    await settled();
    expect(batches.slice(1)).toEqual([['HTTPRoute/orders']]);
    await source.close();
  });

  test('an API server that refuses everybody for a while, as one that has just started does, takes nothing away', async () => {
    const { api, source, sink, batches, clock } = setUp();
    await api.apply(gateway);
    await source.start(sink);
    api.fault = () => new KubeError('forbidden', { code: 403, reason: 'Forbidden' });
    api.disconnect();
    await settled();
    await api.apply(route('a'));
    clock.advance(40_000);
    await settled();
    expect(batches).toHaveLength(1);
    api.fault = undefined;
    clock.advance(60_000);
    await settled();
    expect(batches.slice(1)).toEqual([['HTTPRoute/orders']]);
    await api.apply(route('b'));
    await settled();
    expect(batches.slice(2)).toEqual([['HTTPRoute/orders']]);
    await source.close();
  });

  test('a Secret whose answer fails after its batch was told is tried again', async () => {
    const slow = Promise.withResolvers<void>();
    const { api, source, sink, batches, clock } = setUp();
    await source.start(sink);
    await api.apply(secret('tls'));
    const send = api.send.bind(api);
    let failing = true;
    api.send = async (request) => {
      if (failing && request.path.endsWith('/secrets/tls')) {
        await slow.promise;
        throw new KubeError('timed out', { code: 504 });
      }
      return send(request);
    };
    await api.apply(gateway);
    await settled();
    clock.advance(2_000);
    await settled();
    expect(batches).toEqual([['Gateway/public']]);
    failing = false;
    slow.resolve();
    await settled();
    clock.advance(1_000);
    await settled();
    expect(batches.slice(1)).toEqual([['Secret/tls']]);
    await source.close();
  });

  test('a Secret that cannot be fetched holds nothing back, and is tried again', async () => {
    const { api, source, sink, batches, clock } = setUp();
    await source.start(sink);
    await api.apply(secret('tls'));
    api.fault = ({ path }) =>
      path.endsWith('/secrets/tls') ? new KubeError('etcd is slow', { code: 504 }) : undefined;
    await api.apply(gateway);
    await settled();
    expect(batches).toEqual([['Gateway/public']]);
    api.fault = undefined;
    clock.advance(1_000);
    await settled();
    expect(batches.slice(1)).toEqual([['Secret/tls']]);
    await source.close();
  });
});

test('with namespaces given, only they are read', async () => {
  const { api, source, sink, batches } = setUp({ namespaces: ['shop'] });
  await api.apply(gateway);
  await api.apply(route('a'));
  await source.start(sink);
  expect(batches).toEqual([['HTTPRoute/orders']]);
  await source.close();
});

test('with Roles alone classes and namespaces are assumed, and the API server is not asked for them', async () => {
  const assumed = assumedObjects({
    namespaces: ['shop'],
    gatewayClass: 'ours',
    ingressClass: 'ours-too',
    classConfig: 'shop/settings',
    controllerName: 'gateway.suuupra.io/controller',
    ingressControllerName: 'gateway.suuupra.io/ingress-controller',
  });
  const { api, source, sink, batches, failures, problems } = setUp({ namespaces: ['shop'], assumed });
  await api.apply(route('a'));
  api.fault = ({ path }) =>
    path.includes('/namespaces/') || path.split('/').length <= 4
      ? undefined
      : new KubeError(`${path} is forbidden`, { code: 403, reason: 'Forbidden' });
  await source.start(sink);
  expect(batches).toEqual([['GatewayClass/ours', 'IngressClass/ours-too', 'Namespace/shop', 'HTTPRoute/orders']]);
  expect(failures).toEqual([]);
  expect(problems()).toEqual([]);
  await source.close();
});

describe('how far it has read', () => {
  test('is told with each batch, and when nothing but a status or a deletion was new', async () => {
    const { api, source, sink, batches, read } = setUp();
    const stored = await api.apply(gateway);
    await api.apply(slice('idle', '10.0.0.2'));
    await source.start(sink);
    const { resourceVersion } = stored.metadata;
    expect(read()?.latest).toEqual({ Gateway: resourceVersion });
    // A list without objects says how far it goes, too.
    expect(read()?.seen).toMatchObject({ HTTPRoute: '102', Gateway: '102' });
    expect(read()?.seen).not.toHaveProperty('EndpointSlice');

    const path = '/apis/gateway.networking.k8s.io/v1/namespaces/infra/gateways/public/status';
    const body = { status: { addresses: [{ value: '10.0.0.1' }] } };
    await api.send({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' });
    await settled();
    expect(batches).toHaveLength(1);
    expect(read()?.latest).toEqual({ Gateway: '103' });
    await api.remove(gateway);
    await settled();
    expect(batches).toHaveLength(2);
    expect(read()).toMatchObject({ latest: { Gateway: '104' }, seen: { Gateway: '104' } });
    await source.close();
  });

  test('is counted by namespace where only some are watched', async () => {
    const { api, source, sink, read } = setUp({ namespaces: ['infra', 'shop'] });
    await api.apply(gateway);
    await api.apply(route('orders'));
    await source.start(sink);
    expect(read()?.latest).toEqual({ 'Gateway/infra': '101', 'HTTPRoute/shop': '102' });
    await source.close();
  });
});

test('a witness sees statuses, too, which the objects that are told do not have', async () => {
  const seen: string[] = [];
  const name = (raw: object) => (raw as { metadata: { name: string } }).metadata.name;
  const { api, source, sink, batches } = setUp({
    kinds: ['Gateway'],
    witness: {
      replace: (kind, scope, raws) => void seen.push(`replace ${kind} "${scope}" ${raws.map(name).join()}`),
      upsert: (kind, raw) => void seen.push(`upsert ${kind} ${name(raw)} ${JSON.stringify(raw['status'])}`),
      remove: (kind, raw) => void seen.push(`remove ${kind} ${name(raw)}`),
    },
  });
  await api.apply(gateway);
  await source.start(sink);
  const path = '/apis/gateway.networking.k8s.io/v1/namespaces/infra/gateways/public/status';
  await api.send({
    method: 'PATCH',
    path,
    body: { status: { listeners: [] } },
    contentType: 'application/merge-patch+json',
  });
  await settled();
  expect(batches).toHaveLength(1);
  await api.remove(gateway);
  await settled();
  expect(seen).toEqual([
    'replace Gateway "" public',
    'upsert Gateway public {"listeners":[]}',
    'remove Gateway public',
  ]);
  await source.close();
});
