/** What the gateway's ServiceAccount can do, and what not even its role lets it: asked as it, at a real API server. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Release, ReleaseNamespace } from '../install.ts';
import { apply, createNamespace, deleteNamespace, get, kubectl } from '../kubectl.ts';

const namespace = 'e2e-rights';
const gateway = [`--as=system:serviceaccount:${ReleaseNamespace}:${Release}-suuupra-gateway`, '-n', namespace];
const labels = { 'app.kubernetes.io/managed-by': 'suuupra-gateway' };
const service = (name: string, more: object = {}, own: object = labels) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, labels: own },
  spec: { ports: [{ port: 80 }], ...more },
});
const slice = (name: string, of: string) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name, labels: { ...labels, 'kubernetes.io/service-name': of } },
  addressType: 'IPv4',
  endpoints: [],
});
const asGateway = (object: object) =>
  kubectl(['apply', '--server-side', '--force-conflicts', ...gateway, '-f', '-'], JSON.stringify(object));
const may = async (verb: string, what: string, who = gateway) =>
  (await kubectl(['auth', 'can-i', verb, what, ...who]).catch(() => 'no')).trim();

beforeAll(async () => {
  await createNamespace(namespace);
  await apply(namespace, service('shop', { selector: { app: 'shop' } }, {}));
});

afterAll(async () => {
  await deleteNamespace(namespace);
});

describe('the admission policy', () => {
  test('lets it write Services and EndpointSlices with its label', async () => {
    await asGateway(service('public-gateway-0123abcd'));
    await asGateway(slice('public-gateway-0123abcd-ipv4', 'public-gateway-0123abcd'));
    expect(await get(namespace, 'endpointslice/public-gateway-0123abcd-ipv4')).toMatchObject({ endpoints: null });
    await kubectl(['delete', 'service', 'public-gateway-0123abcd', ...gateway]);
  });

  test.each([
    ['a Service without the label', service('other', {}, {})],
    ['a Service of somebody else, which it would relabel', service('shop')],
    ['a Service that selects pods', service('taker-gateway-0123abcd', { selector: { app: 'shop' } })],
    ['an address that is not its own', service('taker-gateway-0123abcd', { externalIPs: ['192.0.2.1'] })],
    ['a name outside', service('taker-gateway-0123abcd', { type: 'ExternalName', externalName: 'example.com' })],
    ['endpoints of another Service', slice('taker', 'shop')],
  ])('refuses %s', async (_what, object) => {
    await expect(asGateway(object)).rejects.toThrow(/ValidatingAdmissionPolicy .*denied request/);
  });

  test('refuses to delete what is not its own, and touches nobody else', async () => {
    await expect(kubectl(['delete', 'service', 'shop', ...gateway])).rejects.toThrow(
      /may write only objects with the label/,
    );
    expect(await get(namespace, 'service/shop')).toMatchObject({ spec: { selector: { app: 'shop' } } });
    await apply(namespace, service('shop', { selector: { app: 'shop', tier: 'web' } }, {}));
  });
});

describe('the role', () => {
  test.each(['secrets', 'configmaps', 'pods', 'deployments.apps', 'roles.rbac.authorization.k8s.io', 'namespaces'])(
    'lets it write no %s',
    async (resource) => {
      const answers = ['create', 'update', 'patch', 'delete'].map((verb) => may(verb, resource));
      expect(await Promise.all(answers)).toEqual(['no', 'no', 'no', 'no']);
    },
  );

  test('lets it read no pods and no Leases of others', async () => {
    expect(await may('list', 'pods')).toBe('no');
    expect(await may('get', 'leases.coordination.k8s.io')).toBe('no');
  });

  test('view and edit include our kinds', async () => {
    const user = ['--as=somebody', '-n', namespace];
    await kubectl(['create', 'rolebinding', 'team', '--clusterrole=view', '--user=somebody', '-n', namespace]);
    expect(await may('list', 'gatewayroutes.gateway.suuupra.io', user)).toBe('yes');
    expect(await may('create', 'gatewayroutes.gateway.suuupra.io', user)).toBe('no');
    await kubectl(['create', 'rolebinding', 'team2', '--clusterrole=edit', '--user=somebody', '-n', namespace]);
    expect(await may('create', 'gatewayroutes.gateway.suuupra.io', user)).toBe('yes');
    const status = ['--subresource=status', ...user];
    expect(await may('update', 'gatewayroutes.gateway.suuupra.io', status)).toBe('no');
  });
});
