/** Services and EndpointSlices of Gateways against an API server in memory. */
import { afterEach, expect, test } from '@jest/globals';
import type { Service } from '../api/core.ts';
import { KubeError } from '../kube/api.ts';
import { FakeClock } from '../store/clock.testing.ts';
import type { Snapshot } from '../store/snapshot.ts';
import { MemoryApiServer, type Stored } from '../testkit/apiserver.ts';
import { knownCollections } from '../testkit/apiserver-kinds.ts';
import type { GatewayExposure, ServiceExposure } from '../translate/exposure.ts';
import { serviceNameOf } from '../translate/gateway-service.ts';
import { createExposure, type Exposure } from './exposure.ts';
import type { ReadyPod } from './pods.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, fatal: () => {} };
const running: Exposure[] = [];
afterEach(async () => {
  for (const exposure of running.splice(0)) await exposure.close();
});

function wants(name: string, ports: readonly number[] = [80], more: Partial<ServiceExposure> = {}): ServiceExposure {
  const settings = { type: 'LoadBalancer', labels: { team: 'a' }, annotations: { note: 'b' } } as const;
  return { kind: 'Service', namespace: 'infra', name, uid: `uid-${name}`, ports, settings, address: '', ...more };
}

function pod(name: string, ...ips: string[]): ReadyPod {
  return { namespace: 'suuupra-system', name, ips, node: 'node-1' };
}

function setUp(server = new MemoryApiServer(knownCollections())) {
  const clock = new FakeClock();
  const state = { leading: true, pods: [pod('one', '10.0.0.1')] as readonly ReadyPod[], told: 0 };
  const listeners: (() => void)[] = [];
  const exposure = createExposure({
    api: server,
    leadership: { leading: () => state.leading, onChange: (listener) => listeners.push(listener) },
    pods: { list: () => state.pods, onChange: (listener) => listeners.push(listener) },
    namespaces: [],
    log: silent,
    clock,
    onRefusals: () => state.told++,
  });
  running.push(exposure);
  const seen = (namespace: string, name: string) => server.get('v1/services', namespace, name) as unknown as Service;
  const snapshot = { get: (_: string, namespace: string, name: string) => seen(namespace, name) } as Snapshot;
  return {
    server,
    clock,
    state,
    exposure,
    change: (to: Partial<typeof state>) => {
      Object.assign(state, to);
      for (const listener of listeners) listener();
    },
    publish: (...exposures: GatewayExposure[]) => exposure.publish(exposures, snapshot),
    service: (name: string) => server.get('v1/services', 'infra', serviceNameOf({ namespace: 'infra', name })),
    slices: () => server.list('discovery.k8s.io/v1/endpointslices'),
  };
}

async function settled(): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve();
}

function endpointsOf(slice: Stored | undefined): readonly string[] {
  return (slice?.['endpoints'] as { addresses: string[] }[] | undefined)?.flatMap(({ addresses }) => addresses) ?? [];
}

test('a Gateway gets a Service with an internal port, and a slice that points at the ready pods', async () => {
  const { publish, service, slices } = setUp();
  publish(wants('web', [80, 443]));
  await settled();
  const made = service('web');
  const spec = made?.['spec'] as { type: string; ports: { name: string; port: number; targetPort: number }[] };
  expect(spec.type).toBe('LoadBalancer');
  expect(spec.ports.map(({ name, port }) => `${name} ${port}`)).toEqual(['p80-tcp 80', 'p443-tcp 443']);
  expect(made?.metadata).toMatchObject({
    labels: {
      team: 'a',
      'app.kubernetes.io/managed-by': 'suuupra-gateway',
      'gateway.networking.k8s.io/gateway-name': 'web',
    },
    annotations: { note: 'b' },
    ownerReferences: [{ kind: 'Gateway', name: 'web', uid: 'uid-web', controller: true }],
  });
  expect(slices()).toMatchObject([
    {
      metadata: { labels: { 'kubernetes.io/service-name': made?.metadata.name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.1'], nodeName: 'node-1', conditions: { ready: true } }],
      ports: spec.ports.map(({ name, targetPort }) => ({ name, port: targetPort, protocol: 'TCP' })),
    },
  ]);
});

test('pods come into the slices and leave them; without any the last ones stay', async () => {
  const { publish, change, slices } = setUp();
  publish(wants('web'));
  change({ pods: [pod('two', '10.0.0.2', 'fd00::2'), pod('one', '10.0.0.1')] });
  await settled();
  expect(slices().map(endpointsOf)).toEqual([['10.0.0.1', '10.0.0.2'], ['fd00::2']]);
  change({ pods: [pod('one', '10.0.0.1')] });
  await settled();
  expect(slices().map(endpointsOf)).toEqual([['10.0.0.1']]);
  change({ pods: [] });
  await settled();
  expect(slices().map(endpointsOf)).toEqual([['10.0.0.1']]);
});

test('who does not lead writes nothing; a new leader keeps the ports that stand', async () => {
  const first = setUp();
  first.publish(wants('other'), wants('web'));
  await settled();
  const before = first.service('web')?.['spec'];
  const second = setUp(first.server);
  second.state.leading = false;
  const writes = () => first.server.requests.filter((line) => line.startsWith('PATCH')).length;
  const known = writes();
  second.publish(wants('web'), wants('more'));
  await settled();
  expect(writes()).toBe(known);
  second.change({ leading: true });
  await settled();
  expect(second.service('web')?.['spec']).toEqual(before);
  expect(second.service('more')).toBeDefined();
});

test('nothing is written twice, and what somebody else changes is set right', async () => {
  const { publish, service, server } = setUp();
  publish(wants('web'));
  await settled();
  const writes = () => server.requests.filter((line) => line.startsWith('PATCH')).length;
  const known = writes();
  publish(wants('web'));
  await settled();
  expect(writes()).toBe(known);
  const made = service('web');
  await server.apply({ ...made, spec: { ...(made?.['spec'] as object), type: 'ClusterIP' } });
  publish(wants('web'));
  await settled();
  expect(service('web')?.['spec']).toMatchObject({ type: 'LoadBalancer' });
});

test('a Service that was deleted is made again; the second time it waits', async () => {
  const { publish, service, server, clock } = setUp();
  const remove = async () => {
    await server.remove(service('web') as Record<string, unknown>);
    publish(wants('web'));
    await settled();
  };
  publish(wants('web'));
  await settled();
  publish(wants('web'));
  await remove();
  expect(service('web')).toBeDefined();
  publish(wants('web'));
  await remove();
  expect(service('web')).toBeUndefined();
  clock.advance(20_000);
  await settled();
  expect(service('web')).toBeDefined();
});

test("somebody else's Service of that name is left alone, and the Gateway told", async () => {
  const { publish, service, server, exposure, state } = setUp();
  const name = serviceNameOf({ namespace: 'infra', name: 'web' });
  const theirs = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'infra' },
    spec: { type: 'ClusterIP' },
  };
  await server.apply(theirs);
  publish(wants('web'), wants('other'));
  await settled();
  expect(service('web')?.['spec']).toEqual({ type: 'ClusterIP' });
  expect(exposure.refusals()['infra/web']).toMatch(/not the gateway's/);
  expect(state.told).toBe(1);
  expect(service('other')).toBeDefined();
});

test('a refusal names the reason, is tried again, and ends', async () => {
  const { publish, service, server, exposure, clock, state } = setUp();
  server.fault = ({ method }) =>
    method === 'PATCH' ? new KubeError('exceeded quota: services', { code: 403, reason: 'Forbidden' }) : undefined;
  publish(wants('web'));
  await settled();
  expect(exposure.refusals()).toEqual({ 'infra/web': 'exceeded quota: services' });
  const asked = server.requests.length;
  publish(wants('web'));
  await settled();
  expect(server.requests).toHaveLength(asked);
  server.fault = undefined;
  clock.advance(1000);
  await settled();
  expect(service('web')).toBeDefined();
  expect(exposure.refusals()).toEqual({});
  expect(state.told).toBe(2);
});

test('in a namespace that is being deleted nothing is made, and nobody told', async () => {
  const { publish, service, server, exposure, state } = setUp();
  server.fault = ({ method }) =>
    method === 'PATCH'
      ? new KubeError(
          'services "web" is forbidden: unable to create new content in namespace infra because it is being terminated',
          {
            code: 403,
            reason: 'Forbidden',
          },
        )
      : undefined;
  publish(wants('web'));
  await settled();
  expect(service('web')).toBeUndefined();
  expect(exposure.refusals()).toEqual({});
  expect(state.told).toBe(0);
});

test('an API server that is away is no refusal, and is asked again', async () => {
  const { publish, service, server, exposure, clock } = setUp();
  server.fault = () => new KubeError('connect ECONNREFUSED', { code: 0 });
  publish(wants('web'));
  await settled();
  expect(exposure.refusals()).toEqual({});
  server.fault = undefined;
  clock.advance(1000);
  await settled();
  expect(service('web')).toBeDefined();
});

test('a Gateway that serves nothing keeps its Service; one on the host network loses it', async () => {
  const { publish, service, slices } = setUp();
  publish(wants('web'));
  await settled();
  publish({ kind: 'Keep', namespace: 'infra', name: 'web' });
  await settled();
  expect(service('web')).toBeDefined();
  publish({ kind: 'None', namespace: 'infra', name: 'web' });
  await settled();
  expect(service('web')).toBeUndefined();
  expect(slices()).toEqual([]);
});

test('a Gateway with the longest name gets valid names', async () => {
  const { publish, server, slices } = setUp();
  const name = `0${'a.'.repeat(125)}ab`;
  expect(name).toHaveLength(253);
  publish(wants(name));
  await settled();
  const [made] = server.list('v1/services');
  expect(made?.metadata.name).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
  const labels = { ...(made?.metadata['labels'] as object), ...(slices()[0]?.metadata['labels'] as object) };
  for (const value of Object.values(labels)) expect(value).toMatch(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/);
});

test('a static address asks the load balancer, or is the cluster address', async () => {
  const { publish, service } = setUp();
  const settings = { type: 'ClusterIP', labels: {}, annotations: {} } as const;
  publish(wants('balanced', [80], { address: '192.0.2.1' }), wants('inside', [80], { address: '10.96.0.9', settings }));
  await settled();
  expect(service('balanced')?.['spec']).toMatchObject({ loadBalancerIP: '192.0.2.1' });
  expect(service('inside')?.['spec']).toMatchObject({ clusterIP: '10.96.0.9' });
});
