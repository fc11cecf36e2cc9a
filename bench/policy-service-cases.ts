/** Policies that read a body, ask a service, or look at a certificate; the others are in `policy-cases.ts`. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClientCertificate } from '../pkg/policy/runtime.ts';
import type { Manifest } from './estate.ts';
import type { PolicyCase } from './policy-cases.ts';

/** What a route without policies that gets a JSON body is called. */
export const bareJson = 'bare-json';

export interface ServicePorts {
  /** Lets everything pass: an origin of its own, since what arrives at the other one is counted. */
  readonly authorizer: number;
  /** Knows every token. */
  readonly introspection: number;
}

const Namespace = 'bench';
/** Some 0.6 KB, as an order is. */
const order = JSON.stringify({
  note: 'leave it at the door',
  items: Array.from({ length: 10 }, (_, i) => ({ sku: `ABC-${1000 + i}`, count: i + 1, price: { amount: 12.5 + i } })),
});
const schema = JSON.stringify({
  type: 'object',
  required: ['items'],
  properties: {
    note: { type: 'string', maxLength: 200 },
    items: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: {
        type: 'object',
        required: ['sku', 'count'],
        properties: { sku: { type: 'string', pattern: '^[A-Z]{3}-[0-9]{4}$' }, count: { type: 'integer', minimum: 1 } },
      },
    },
  },
});

const certificate: ClientCertificate = {
  raw: new Uint8Array(600),
  subject: 'CN=orders,O=Shop',
  issuer: 'CN=Shop CA',
  dnsNames: ['orders.shop.example'],
  uris: ['spiffe://prod.example/ns/shop/sa/orders'],
  emails: [],
  fingerprint: '5e'.repeat(32),
  serialNumber: '0A1B2C',
};

export function serviceCases(ports: ServicePorts): readonly PolicyCase[] {
  return [
    { name: bareJson, policies: null, json: order, proof: { shows: '200\n' } },
    {
      name: 'validation',
      json: order,
      against: bareJson,
      proof: {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"items":[]}',
        shows: '400\n',
      },
      policies: { validation: { schema: { type: 'Inline', inline: schema } } },
    },
    {
      name: 'transform-body',
      json: order,
      against: bareJson,
      proof: { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{', shows: '400\n' },
      policies: {
        transform: {
          request: {
            body: { mergePatch: '{"internal":null}', set: [{ path: '/from', expression: 'client.address' }] },
          },
        },
      },
    },
    {
      name: 'introspection',
      proof: { shows: '401\n' },
      fields: ['Authorization: Bearer 8f2e1c7a-4b6d-4f0e-9a53-1d2c3b4a5f60'],
      policies: {
        authentication: {
          methods: [
            {
              name: 'opaque',
              type: 'Introspection',
              introspection: {
                endpoint: { backendRef: { name: 'introspection', port: 8080 }, path: '/introspect' },
                clientID: 'gateway',
                clientSecret: { name: 'introspection', key: 'password' },
                cacheDuration: '1h',
                claimToHeaders: [{ header: 'X-User', claim: 'sub' }],
              },
            },
          ],
        },
      },
      objects: [
        ...serviceObjects('introspection', ports.introspection),
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'introspection', namespace: Namespace },
          stringData: { password: 'change-me' },
        },
      ],
    },
    {
      name: 'external-auth',
      waits: true,
      proof: { path: '/p00/head', shows: 'X-Request-Cost: 12' },
      policies: externalAuth({}),
      objects: serviceObjects('authorizer', ports.authorizer),
    },
    {
      name: 'external-auth-cached',
      proof: { path: '/p00/head', shows: 'X-Request-Cost: 12' },
      policies: externalAuth({ cache: { cookies: ['sid'], scope: 'Credentials', ttl: '1h' } }),
    },
    {
      name: 'client-certificate',
      certificate,
      proof: { shows: '401\n' },
      policies: {
        authentication: {
          methods: [
            {
              name: 'mesh',
              type: 'ClientCertificate',
              clientCertificate: {
                subjectFrom: 'SPIFFE',
                allow: [{ type: 'SPIFFE', value: 'spiffe://prod.example/ns/shop/*' }],
                certificateHeaders: [{ header: 'X-Forwarded-Client-Cert', format: 'XFCC' }],
              },
            },
          ],
        },
      },
    },
  ];
}

export const activeToken = JSON.stringify({ active: true, sub: 'ada', scope: 'orders.read', client_id: 'storefront' });

/** Asked once, and then as often as the cache says. */
export async function startIntrospection(): Promise<{ readonly port: number; stop(): void }> {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('Content-Type', 'application/json').end(activeToken);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function externalAuth(more: object): object {
  return {
    authentication: {
      methods: [
        {
          name: 'sso',
          type: 'ExternalAuth',
          externalAuth: {
            protocol: 'HTTP',
            backendRef: { name: 'authorizer', port: 8080 },
            http: { path: '/auth/0', allowedResponseHeaders: ['X-Request-Cost'] },
            ...more,
          },
        },
      ],
    },
  };
}

function serviceObjects(name: string, port: number): readonly Manifest[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: Namespace },
      spec: { ports: [{ name: 'http', port: 8080 }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${name}-1`,
        namespace: Namespace,
        labels: { 'kubernetes.io/service-name': name },
      },
      addressType: 'IPv4',
      ports: [{ name: 'http', port, protocol: 'TCP' }],
      endpoints: [{ addresses: ['127.0.0.1'] }],
    },
  ];
}
