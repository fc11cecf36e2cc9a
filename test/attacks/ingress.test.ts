/** Policies of an Ingress hold on each of its ways in: the plaintext side that redirects, the default backend, hosts without paths. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testCertificates } from '../../pkg/testkit/certificates.ts';
import { openClient, openTlsClient } from '../../pkg/testkit/client.ts';
import type { Origin } from '../../pkg/testkit/origin.ts';
import { createEcho } from '../features/echo.ts';
import { type Feature, startFeature } from '../features/feature.ts';
import { services } from '../features/folder.ts';
import { until } from '../features/until.ts';
import { goodToken, jwtMethod, policyManifest } from '../policies/guards.ts';

const { certificate, key } = testCertificates().default;

let origin: Origin;
beforeAll(async () => {
  origin = await createEcho('one');
});
afterAll(() => origin.close());

const policies = { authentication: { methods: [jwtMethod] } };

/** Whose policy it is: of the Ingress, or of its class. */
const owners: Readonly<Record<string, string>> = {
  ingress: policyManifest('guard', {
    targetRefs: [{ group: 'networking.k8s.io', kind: 'Ingress', name: 'app' }],
    policies,
  }),
  class: `---
${JSON.stringify({ apiVersion: 'gateway.suuupra.io/v1alpha1', kind: 'GatewayClassConfig', metadata: { name: 'all', namespace: 'default' }, spec: { defaults: { policies } } })}
`,
};

function manifests(owner: string): string {
  const encoded = (value: string): string => Buffer.from(value).toString('base64');
  const backend = { service: { name: 'one', port: { number: 8080 } } };
  const parameters = {
    apiGroup: 'gateway.suuupra.io',
    kind: 'GatewayClassConfig',
    name: 'all',
    namespace: 'default',
    scope: 'Namespace',
  };
  const objects = [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'suuupra' },
      spec: { controller: 'gateway.suuupra.io/ingress-controller', ...(owner === 'class' && { parameters }) },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'server', namespace: 'default' },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': encoded(certificate), 'tls.key': encoded(key) },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'app', namespace: 'default' },
      spec: {
        ingressClassName: 'suuupra',
        tls: [{ hosts: ['app.test'], secretName: 'server' }],
        defaultBackend: backend,
        rules: [
          { host: 'app.test', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } },
          { host: 'part.test', http: { paths: [{ path: '/part', pathType: 'Prefix', backend }] } },
          { host: 'bare.test' },
        ],
      },
    },
  ];
  return (
    objects.map((object) => `---\n${JSON.stringify(object)}\n`).join('') +
    services({ one: origin.port }) +
    owners[owner]
  );
}

describe.each(Object.keys(owners))('of the %s', (owner) => {
  let feature: Feature;
  beforeAll(async () => {
    feature = await startFeature({ 'all.yaml': manifests(owner) });
    await until(async () => (await ask('https', 'app.test', '/')) === 401);
  });
  afterAll(() => feature.stop());

  async function ask(scheme: string, host: string, path: string, token = ''): Promise<number> {
    const client =
      scheme === 'https'
        ? await openTlsClient(feature.gateway.port(443), { servername: host })
        : await openClient(feature.gateway.port(80));
    const authorization = token === '' ? '' : `Authorization: Bearer ${token}\r\n`;
    client.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${authorization}Connection: close\r\n\r\n`);
    const { startLine } = await client.message();
    client.close();
    return Number(startLine.split(' ')[1]);
  }

  // Applications that route by a parameter (`index.php?route=…`) serve anything under this path; so it is no way around what guards them.
  test.each<[string, string, string, number, number]>([
    ['TLS', 'https app.test', '/', 401, 200],
    ['plaintext, which redirects', 'http app.test', '/', 308, 308],
    ['what is never redirected', 'http app.test', '/.well-known/acme-challenge/x?route=admin', 401, 200],
    ['the default backend', 'http part.test', '/elsewhere', 401, 200],
    ['a host without paths', 'http bare.test', '/', 401, 200],
    ['a host of nobody', 'http nobody.test', '/', 401, 200],
  ])('%s', async (_, where, path, stranger, known) => {
    const [scheme = '', host = ''] = where.split(' ');
    const before = origin.requests.length;
    expect(await ask(scheme, host, path)).toBe(stranger);
    expect(origin.requests).toHaveLength(before);
    expect(await ask(scheme, host, path, goodToken())).toBe(known);
  });
});
