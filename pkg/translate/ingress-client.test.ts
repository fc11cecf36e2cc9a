/** Which clients the synthetic Gateway of Ingresses believes, by what the classes that share it say. */
import { describe, expect, test } from '@jest/globals';
import type { Listener, ListenerClient } from '../ir/listener.ts';
import type { ClientAddress } from '../ir/settings.ts';
import type { Condition } from '../status/status.ts';
import { testCertificates } from '../testkit/certificates.ts';
import { readCase } from '../testkit/golden.ts';
import { translate } from './translate.ts';

const nobody: ClientAddress = { trustedCIDRs: [], trustedHops: 0, proxyProtocol: 'Disabled', header: null };
const cdn: ClientAddress = { ...nobody, trustedCIDRs: ['198.51.100.0/24'] };
const trusting = '{ ip: { trustedCIDRs: [198.51.100.0/24] } }';

/** An IngressClass, and the GatewayClassConfig of its name with this spec; undefined: a class without one. */
type Classes = Readonly<Record<string, string | undefined>>;

const saying = (client: string): string => `{ defaults: { policies: { client: ${client} } } }`;

function translated(classes: Classes): {
  readonly listener: Listener | undefined;
  /** Reason of `Enforced` by config, where it is False. */
  readonly told: Readonly<Record<string, string>>;
} {
  const { snapshot, options } = readCase(
    `${Object.entries(classes).map(manifests).join('---\n')}---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web, namespace: shop }
spec:
  ingressClassName: ${Object.keys(classes)[0]}
  defaultBackend: { service: { name: web, port: { number: 80 } } }
`,
  );
  const { ir, statuses } = translate(snapshot, options);
  const enforced = statuses.flatMap(({ ref, status }): [string, string][] => {
    const conditions = (status['conditions'] ?? []) as readonly Condition[];
    const found = conditions.find(({ type, status: is }) => type === 'Enforced' && is === 'False');
    return ref.kind === 'GatewayClassConfig' && found !== undefined ? [[ref.name, found.reason]] : [];
  });
  return { listener: ir.listeners['Ingress/http'], told: Object.fromEntries(enforced) };
}

/** `name`, or `name=config` for a class that has the config of another. */
function manifests([id, spec]: readonly [string, string | undefined]): string {
  const [name = '', config = name] = id.split('=');
  const parameters = `{ apiGroup: gateway.suuupra.io, kind: GatewayClassConfig, name: ${config}, namespace: infra, scope: Namespace }`;
  const controller = 'controller: gateway.suuupra.io/ingress-controller';
  const ingressClass = `apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: ${name} }
spec: { ${controller}${spec === undefined ? '' : `, parameters: ${parameters}`} }
`;
  return spec === undefined || config !== name
    ? ingressClass
    : `${ingressClass}---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayClassConfig
metadata: { name: ${name}, namespace: infra }
spec: ${spec}
`;
}

describe('what a class says of clients holds for its Ingresses', () => {
  test.each<[string, Classes]>([
    ['of the only class', { a: saying(trusting) }],
    ['of two classes with one config', { a: saying(trusting), 'b=a': '' }],
    ['of two classes that say the same', { a: saying(trusting), b: saying(trusting) }],
    [
      'beside one that has a Gateway of its own',
      { a: saying(trusting), b: '{ ingress: { gatewayRef: { name: x } }, defaults: { policies: {} } }' },
    ],
    ['beside one of which nothing is served', { a: saying(trusting), 'b=missing': '' }],
    [
      'where another says nothing, and the data plane the same',
      {
        a: `{ dataPlane: { client: ${trusting.slice(6, -2)} }, defaults: { policies: { client: ${trusting} } } }`,
        b: undefined,
      },
    ],
  ])('%s', (_, classes) => {
    const { listener, told } = translated(classes);
    expect(listener?.client?.address).toEqual(cdn);
    expect(told).toEqual({});
  });
});

describe('where classes differ, the strictest holds and they are told', () => {
  const both = { a: 'Conflicted', b: 'Conflicted' };
  test.each<[string, string, string | undefined, ListenerClient, Readonly<Record<string, string>>]>([
    ['on whom to trust', saying(trusting), saying('{ ip: { trustedHops: 1 } }'), { address: nobody }, both],
    ['with one that says nothing', saying(trusting), '{}', { address: nobody }, both],
    ['with one that has no config', saying(trusting), undefined, { address: nobody }, { a: 'Conflicted' }],
    ['with one that is Disabled', saying(trusting), saying('{ mode: Disabled }'), { address: nobody }, both],
    [
      'and one wants no request of which it does not know the client',
      saying('{ ip: { trustedHops: 1, header: { name: X-Client, failClosed: true } } }'),
      saying(trusting),
      { address: { ...nobody, header: { name: 'x-client', failClosed: true } } },
      both,
    ],
    [
      'on all but whom to trust',
      saying('{ ip: { trustedCIDRs: [198.51.100.0/24] }, headers: { underscores: Allow }, timeouts: { idle: 1s } }'),
      saying(
        '{ ip: { trustedCIDRs: [198.51.100.0/24] }, headers: { underscores: Drop }, timeouts: { body: 2s, idle: 0s } }',
      ),
      { address: cdn, underscores: 'Drop', timeouts: { header: 10_000, body: 2_000, idle: 1_000 } },
      both,
    ],
  ])('%s', (_, a, b, client, told) => {
    const found = translated({ a, b });
    expect(found.listener?.client).toMatchObject(client);
    expect(found.told).toEqual(told);
  });
});

test('of two lists of cipher suites what is in both is left, or TLS 1.3 alone', () => {
  const tls = (first: string, second: string) => {
    const { snapshot, options } = readCase(
      [
        ['a', saying(`{ tls: { ciphers: [${first}] } }`)],
        ['b', saying(`{ tls: { ciphers: [${second}] } }`)],
      ]
        .map(([name, spec]) => manifests([name!, spec]))
        .join('---\n')
        .concat(`---\n${ingressWithTls()}`),
    );
    const listener = translate(snapshot, options).ir.listeners['Ingress/https:a.example'];
    return [listener?.tls?.minVersion, listener?.tls?.ciphers];
  };
  const [x, y, z] = ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-CHACHA20-POLY1305'];
  expect(tls(`${x}, ${y}`, `${y}, ${z}`)).toEqual(['TLSv1.2', [y]]);
  expect(tls(x, z)).toEqual(['TLSv1.3', undefined]);
});

function ingressWithTls(): string {
  const { certificate, key } = testCertificates()['exact-ecdsa'];
  const base64 = (pem: string): string => Buffer.from(pem).toString('base64');
  return `apiVersion: v1
kind: Secret
metadata: { name: cert, namespace: shop }
type: kubernetes.io/tls
data: { tls.crt: ${base64(certificate)}, tls.key: ${base64(key)} }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web, namespace: shop }
spec:
  ingressClassName: a
  tls: [{ hosts: [a.example], secretName: cert }]
  defaultBackend: { service: { name: web, port: { number: 80 } } }
`;
}
