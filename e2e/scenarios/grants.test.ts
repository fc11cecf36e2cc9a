/**
 * References into another namespace: {certificate, client CA, backend, mirror} × {no grant, one that is wrong in its namespace, kind or name,
 * the right one, the right one deleted}. What is not granted is not used, and the status says so.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../ask.ts';
import { echoBackend } from '../backend.ts';
import { makeCertificate, tlsSecret } from '../certificate.ts';
import { gatewayAddress } from '../gateway.ts';
import { handshake } from '../handshake.ts';
import { Release } from '../install.ts';
import { apply, createNamespace, deleteNamespace, get, kubectl, type Manifest } from '../kubectl.ts';
import type { Condition, RouteStatus } from '../route-status.ts';
import { until } from '../until.ts';

/** Each has a namespace of its own that refers, and one that is referred to. */
const grants: Readonly<Record<string, (from: string) => object | undefined>> = {
  none: () => undefined,
  namespace: () => grant('default', ['Secret', 'ConfigMap', 'Service']),
  kind: (from) => grant(from, ['Pod']),
  name: (from) => grant(from, ['Secret', 'ConfigMap', 'Service'], 'another'),
  granted: (from) => grant(from, ['Secret', 'ConfigMap', 'Service']),
  deleted: (from) => grant(from, ['Secret', 'ConfigMap', 'Service']),
};
const cases = Object.keys(grants);
const from = (name: string) => `e2e-grant-${name}`;
const to = (name: string) => `e2e-target-${name}`;
const addresses: Record<string, string> = {};

interface GatewayStatus {
  readonly status?: {
    readonly listeners?: readonly { readonly name: string; readonly conditions: readonly Condition[] }[];
  };
}

beforeAll(async () => {
  const pair = await makeCertificate('grant.example.com');
  for (const name of cases) {
    await createNamespace(from(name));
    await createNamespace(to(name));
    const ca: Manifest = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'ca' },
      data: { 'ca.crt': pair.certificate },
    };
    await apply(to(name), ...echoBackend('target'), tlsSecret('site', pair), ca);
    await apply(from(name), ...echoBackend('own'), tlsSecret('own', pair), gateway(to(name)), ...routes(to(name)));
    const spec = grants[name]?.(from(name));
    if (spec === undefined) continue;
    const metadata = { name: 'grant' };
    await apply(to(name), { apiVersion: 'gateway.networking.k8s.io/v1beta1', kind: 'ReferenceGrant', metadata, spec });
  }
  for (const name of cases) {
    await kubectl(['rollout', 'status', '-n', to(name), 'deployment/target', '--timeout=90s']);
    await kubectl(['rollout', 'status', '-n', from(name), 'deployment/own', '--timeout=90s']);
    addresses[name] = await gatewayAddress(from(name), 'site');
  }
}, 300_000);

afterAll(async () => {
  for (const name of cases) {
    await deleteNamespace(from(name));
    await deleteNamespace(to(name));
  }
});

test.each(['granted', 'deleted'])(
  '%s: everything is used while the grant stands',
  async (name) => {
    await until('the statuses say so', async () => (await reasons(name)).every((reason) => reason === 'ResolvedRefs'));
    await until('the backend answers', async () => (await status(name, 'backend')) === 200);
    await until('HTTPS is served', () => handshake(addresses[name] ?? '', 443, 'grant.example.com'));
    await until('the mirror hears', async () => {
      await status(name, 'mirror');
      return (await heard(name)) > 0;
    });
  },
  120_000,
);

test('the grant is deleted: nothing is used any more', async () => {
  await kubectl(['delete', '-n', to('deleted'), 'referencegrant/grant']);
  await expectRefused('deleted');
}, 120_000);

test.each(['none', 'namespace', 'kind', 'name'])(
  '%s: nothing is used',
  async (name) => {
    await expectRefused(name);
    expect(await heard(name)).toBe(0);
  },
  120_000,
);

async function expectRefused(name: string): Promise<void> {
  await until('the statuses say so', async () => (await reasons(name)).every((reason) => reason === 'RefNotPermitted'));
  await until('the backend answers 500', async () => (await status(name, 'backend')) === 500);
  const before = await heard(name);
  for (let i = 0; i < 20; i++) {
    expect(await status(name, 'backend')).toBe(500);
    // A mirror that may not be used takes nothing away from the answer.
    expect([200, 500]).toContain(await status(name, 'mirror'));
  }
  for (const port of [443, 8443]) {
    const shaken = handshake(addresses[name] ?? '', port, 'grant.example.com').then(
      () => 'completed',
      () => 'refused',
    );
    expect(await shaken).toBe('refused');
  }
  expect(await heard(name)).toBe(before);
}

/** Of the two listeners that refer, and the two routes. */
async function reasons(name: string): Promise<string[]> {
  const { status: gatewayStatus } = await get<GatewayStatus>(from(name), 'gateway/site');
  const listeners = (gatewayStatus?.listeners ?? []).filter((listener) => listener.name !== 'http');
  const parents: { readonly conditions: readonly Condition[] }[] = [];
  for (const route of ['backend', 'mirror']) {
    const { status: routeStatus } = await get<RouteStatus>(from(name), `httproute/${route}`);
    parents.push(routeStatus?.parents?.[0] ?? { conditions: [] });
  }
  return [...listeners, ...parents].map(
    ({ conditions }) => conditions.find(({ type }) => type === 'ResolvedRefs')?.reason ?? '',
  );
}

async function status(name: string, route: string): Promise<number> {
  return (await ask(`http://${addresses[name]}/${route}`, { host: `${route}.example.com` })).status;
}

/** Requests that reached the mirror's target. */
async function heard(name: string): Promise<number> {
  const log = await kubectl(['logs', '-n', to(name), 'deployment/target', '--tail=-1']);
  return log.split('\n').filter((line) => line.includes('/mirror')).length;
}

function grant(namespace: string, kinds: readonly string[], name?: string): object {
  const group = 'gateway.networking.k8s.io';
  return {
    from: [
      { group, kind: 'Gateway', namespace },
      { group, kind: 'HTTPRoute', namespace },
    ],
    to: [...new Set(kinds)].map((kind) => ({ group: '', kind, ...(name === undefined ? {} : { name }) })),
  };
}

function gateway(target: string): Manifest {
  const validation = { caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'ca', namespace: target }] };
  const secret = (name: string, namespace?: string) => ({
    certificateRefs: [{ name, ...(namespace && { namespace }) }],
  });
  const spec = {
    gatewayClassName: Release,
    listeners: [
      { name: 'http', port: 80, protocol: 'HTTP' },
      { name: 'certificate', port: 443, protocol: 'HTTPS', tls: secret('site', target) },
      { name: 'authority', port: 8443, protocol: 'HTTPS', tls: secret('own') },
    ],
    tls: { frontend: { default: {}, perPort: [{ port: 8443, tls: { validation } }] } },
  };
  return { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata: { name: 'site' }, spec };
}

function routes(namespace: string): Manifest[] {
  const route = (name: string, rule: object): Manifest => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name },
    spec: { parentRefs: [{ name: 'site', sectionName: 'http' }], hostnames: [`${name}.example.com`], rules: [rule] },
  });
  const requestMirror = { backendRef: { name: 'target', namespace, port: 80 } };
  return [
    route('backend', { backendRefs: [{ name: 'target', namespace, port: 80 }] }),
    route('mirror', { filters: [{ type: 'RequestMirror', requestMirror }], backendRefs: [{ name: 'own', port: 80 }] }),
  ];
}
