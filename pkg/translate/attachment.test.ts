/** What a policy reaches, by what it is attached to: rule by rule, listener by listener. One that reached less would be a way around it. */
import { describe, expect, test } from '@jest/globals';
import { testCertificates } from '../testkit/certificates.ts';
import { type InForce, inForce } from '../testkit/in-force.ts';

const { certificate, key } = testCertificates().localhost;
const secret = (namespace: string): string =>
  `---\n${JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'cert', namespace }, type: 'kubernetes.io/tls', stringData: { 'tls.crt': certificate, 'tls.key': key } })}\n`;

const all = 'allowedRoutes: { namespaces: { from: All } }';
const backend = 'backendRefs: [{ name: web, port: 80 }]';
const ingress = (name: string, className: string, labels: string): string => `---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: ${name}, namespace: shop, labels: { ${labels} } }
spec:
  ingressClassName: ${className}
  tls: [{ hosts: [web.example.com], secretName: cert }]
  rules: [{ host: web.example.com, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }]
`;
const ingressClass = (name: string, config: string): string => `---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: ${name} }
spec: { controller: gateway.suuupra.io/ingress-controller, parameters: { apiGroup: gateway.suuupra.io, kind: GatewayClassConfig, name: ${config}, namespace: infra, scope: Namespace } }
`;
const gateway = (name: string, className: string, port: number, labels: string): string => `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: infra, labels: { ${labels} } }
spec:
  gatewayClassName: ${className}
  allowedListeners: { namespaces: { from: All } }
  listeners:
    - { name: web, port: ${port}, protocol: HTTP, ${all} }
    - { name: inner, port: ${port + 1}, protocol: HTTP, ${all} }
    - { name: https, port: ${port + 2}, protocol: HTTPS, tls: { certificateRefs: [{ name: cert }] }, ${all} }
`;
const route = (kind: string, name: string, parents: string, namespace: string, labels: string): string => `---
apiVersion: ${kind === 'HTTPRoute' ? 'gateway.networking.k8s.io/v1' : 'gateway.suuupra.io/v1alpha1'}
kind: ${kind}
metadata: { name: ${name}, namespace: ${namespace}, labels: { ${labels} } }
spec:
  parentRefs: [${parents}]
  rules:
    - { name: one, matches: [{ path: { value: /one } }], ${backend} }
    - { name: two, matches: [{ path: { value: /two } }], ${backend} }
`;

/** Two Gateways of two classes, a ListenerSet whose listener is called like one of its Gateway's, and what is attached to them. */
const estate = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: suuupra }
spec:
  controllerName: gateway.suuupra.io/controller
  parametersRef: { group: gateway.suuupra.io, kind: GatewayClassConfig, namespace: infra, name: main }
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: plain }
spec: { controllerName: gateway.suuupra.io/controller }
${gateway('public', 'suuupra', 1000, 'of: shop')}${gateway('other', 'plain', 2000, '')}${secret('infra')}${secret('shop')}
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: set, namespace: shop, labels: { of: shop } }
spec:
  parentRef: { name: public, namespace: infra }
  listeners: [{ name: web, port: 3000, protocol: HTTP }, { name: more, port: 3001, protocol: HTTP }]
${ingressClass('onpublic', 'ingress')}${ingressClass('alone', 'alone')}
${route('HTTPRoute', 'orders', '{ name: public, namespace: infra }', 'shop', 'of: shop')}
${route('GatewayRoute', 'own', '{ name: public, namespace: infra, sectionName: web }', 'shop', 'of: shop')}
${route('HTTPRoute', 'set', '{ kind: ListenerSet, name: set }', 'shop', '')}
${route('HTTPRoute', 'else', '{ name: other, namespace: infra, sectionName: web }', 'shop', '')}
${route('HTTPRoute', 'foreign', '{ name: other, namespace: infra, sectionName: inner }', 'infra', 'of: shop')}
${ingress('web', 'onpublic', 'of: shop')}${ingress('alone', 'alone', '')}---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { ports: [{ port: 80 }] }
`;

const config = (name: string, defaults: string, more = ''): string =>
  `---\napiVersion: gateway.suuupra.io/v1alpha1\nkind: GatewayClassConfig\nmetadata: { name: ${name}, namespace: infra }\nspec: { ${defaults === '' ? '' : `defaults: { policies: { ${defaults} } }, `}${more} }\n`;
const onPublic = 'ingress: { gatewayRef: { name: public }, sslRedirect: Never }';
const configs =
  config('main', '') + config('ingress', '', onPublic) + config('alone', '', 'ingress: { sslRedirect: Never }');

const guard = 'ipAccess: { deny: [10.0.0.0/8] }';
const policy = (namespace: string, target: string, block = guard): string =>
  `---\napiVersion: gateway.suuupra.io/v1alpha1\nkind: GatewayPolicy\nmetadata: { name: guard, namespace: ${namespace} }\nspec: { ${target}, policies: { ${block} } }\n`;
const groups: Readonly<Record<string, string>> = {
  GatewayRoute: 'gateway.suuupra.io',
  Ingress: 'networking.k8s.io',
};
const ref = (kind: string, name: string, section = ''): string =>
  `targetRefs: [{ group: ${groups[kind] ?? 'gateway.networking.k8s.io'}, kind: ${kind}, name: ${name}${section === '' ? '' : `, sectionName: ${section}`} }]`;
const labelled = (kind: string): string =>
  `targetSelectors: [{ group: ${groups[kind] ?? 'gateway.networking.k8s.io'}, kind: ${kind}, matchLabels: { of: shop } }]`;

/** `orders/one public/inner`: every rule at every listener at which the guard is in force. */
function reached({ ir }: InForce): readonly string[] {
  return Object.values(ir.routes)
    .flatMap(({ name, attachments, rules }) =>
      rules.flatMap((rule) => {
        const guarded = rule.filters.some((id) => ir.filters[id]?.kind === 'ipAccess');
        const at = `${name}/${rule.name ?? rule.index}`;
        return guarded ? attachments.map(({ listener }) => `${at} ${listener.replace('infra/', '')}`) : [];
      }),
    )
    .sort();
}

const of = (name: string, rules: readonly (string | number)[], listeners: readonly string[]): readonly string[] =>
  rules.flatMap((rule) => listeners.map((listener) => `${name}/${rule} ${listener}`));
const both = ['one', 'two'];
// Its Gateway's, and the one that its certificate takes from the listener `https`.
const virtual = 'public/https:web.example.com';
const atPublic = ['public/web', 'public/inner', 'public/https', virtual];
const ofPublic = [...of('orders', both, atPublic), ...of('own', both, ['public/web']), ...of('web', [0], atPublic)];
const ofSet = of('set', both, ['public/shop/set/web', 'public/shop/set/more']);
const ofAlone = of('alone', [0], ['Ingress/http', 'Ingress/https:web.example.com']);

test('every rule of the estate is served, and without a policy none is guarded', () => {
  const found = inForce(estate + configs);
  expect(reached(found)).toEqual([]);
  const served = Object.values(found.ir.routes).flatMap(({ name, attachments, rules }) =>
    rules.flatMap((rule) =>
      attachments.map(({ listener }) => `${name}/${rule.name ?? rule.index} ${listener.replace('infra/', '')}`),
    ),
  );
  const elsewhere = [...of('else', both, ['other/web']), ...of('foreign', both, ['other/inner'])];
  expect(served.toSorted()).toEqual([...ofPublic, ...ofSet, ...ofAlone, ...elsewhere].toSorted());
});

test.each<[string, string, readonly string[]]>([
  [
    'a Gateway: the listeners of its ListenerSets and of Ingresses, too',
    policy('infra', ref('Gateway', 'public')),
    [...ofPublic, ...ofSet],
  ],
  [
    'a listener, and not one of a ListenerSet by that name',
    policy('infra', ref('Gateway', 'public', 'web')),
    [...of('orders', both, ['public/web']), ...of('own', both, ['public/web']), ...of('web', [0], ['public/web'])],
  ],
  [
    'the listener that the certificate of an Ingress has taken a host from',
    policy('infra', ref('Gateway', 'public', 'https')),
    [...of('orders', both, ['public/https', virtual]), ...of('web', [0], ['public/https', virtual])],
  ],
  ['a ListenerSet', policy('shop', ref('ListenerSet', 'set')), ofSet],
  [
    'a listener of a ListenerSet, and not one of the Gateway by that name',
    policy('shop', ref('ListenerSet', 'set', 'web')),
    of('set', both, ['public/shop/set/web']),
  ],
  ['an HTTPRoute', policy('shop', ref('HTTPRoute', 'orders')), of('orders', both, atPublic)],
  ['a rule of an HTTPRoute', policy('shop', ref('HTTPRoute', 'orders', 'two')), of('orders', ['two'], atPublic)],
  ['a GatewayRoute', policy('shop', ref('GatewayRoute', 'own')), of('own', both, ['public/web'])],
  ['a rule of a GatewayRoute', policy('shop', ref('GatewayRoute', 'own', 'two')), of('own', ['two'], ['public/web'])],
  ['an Ingress', policy('shop', ref('Ingress', 'web')), of('web', [0], atPublic)],
  ['an Ingress that no Gateway serves', policy('shop', ref('Ingress', 'alone')), ofAlone],
  ['Gateways by labels', policy('infra', labelled('Gateway')), [...ofPublic, ...ofSet]],
  ['ListenerSets by labels', policy('shop', labelled('ListenerSet')), ofSet],
  ['HTTPRoutes of the same namespace by labels', policy('shop', labelled('HTTPRoute')), of('orders', both, atPublic)],
  ['GatewayRoutes by labels', policy('shop', labelled('GatewayRoute')), of('own', both, ['public/web'])],
  ['Ingresses by labels', policy('shop', labelled('Ingress')), of('web', [0], atPublic)],
  ['a Gateway of another namespace reaches nothing', policy('shop', ref('Gateway', 'public')), []],
  ['routes of another namespace by labels reaches nothing', policy('other', labelled('HTTPRoute')), []],
])('a policy for %s', (_, text, expected) => {
  const found = inForce(estate + configs + text);
  expect(reached(found)).toEqual(expected.toSorted());
  const targets = (
    found.statuses.find(({ ref: { kind } }) => kind === 'GatewayPolicy')!.status as unknown as {
      readonly targets: readonly { readonly state: string; readonly message: string }[];
    }
  ).targets;
  // One object each: those of other namespaces are not even counted.
  expect(targets).toEqual([expect.objectContaining({ state: expected.length > 0 ? 'Attached' : 'NotFound' })]);
  expect(targets[0]?.message).not.toMatch(/[2-9] objects/);
});

describe('the defaults of a class reach', () => {
  test.each<[string, string, readonly string[]]>([
    [
      'every Gateway of the class, and none of another',
      config('main', guard) + config('ingress', '', onPublic) + config('alone', '', 'ingress: { sslRedirect: Never }'),
      [...ofPublic, ...ofSet],
    ],
    [
      'every Ingress of the class on the Gateway that it names, and nothing else there',
      config('main', '') + config('ingress', guard, onPublic) + config('alone', '', 'ingress: { sslRedirect: Never }'),
      of('web', [0], atPublic),
    ],
    [
      'every Ingress of the class that no Gateway serves',
      config('main', '') + config('ingress', '', onPublic) + config('alone', guard, 'ingress: { sslRedirect: Never }'),
      ofAlone,
    ],
  ])('%s', (_, text, expected) => {
    expect(reached(inForce(estate + text))).toEqual(expected.toSorted());
  });
});

describe('at an Ingress', () => {
  const cors = (name: string, namespace: string, target: string, strategy = 'Defaults'): string =>
    policy(namespace, `strategy: ${strategy}, ${target}`, `cors: { allowOrigins: ["https://${name}.test"] }`).replace(
      'name: guard',
      `name: ${name}`,
    );
  const ofClass = config('ingress', 'cors: { allowOrigins: ["https://class.test"] }', onPublic);
  const rest = config('main', '') + config('alone', '');
  const levels = [
    ofClass,
    cors('gateway', 'infra', ref('Gateway', 'public')),
    cors('listener', 'infra', ref('Gateway', 'public', 'web')),
    cors('ingress', 'shop', ref('Ingress', 'web')),
    cors('floor', 'infra', ref('Gateway', 'public'), 'Overrides'),
  ];

  test.each([
    [1, 'GatewayClassConfig infra/ingress'],
    [2, 'GatewayPolicy infra/gateway'],
    [3, 'GatewayPolicy infra/listener'],
    [4, 'GatewayPolicy shop/ingress'],
    [5, 'GatewayPolicy infra/floor'],
  ])('of %i levels the last one counts: %s', (count, from) => {
    const { origins, ir } = inForce(estate + rest + levels.slice(0, count).join(''));
    const [id] = Object.entries(ir.routes).find(
      ([, { name, attachments }]) =>
        name === 'web' && attachments.some(({ listener }) => listener === 'infra/public/web'),
    )!;
    const told = origins(id);
    expect(told).toHaveLength(count);
    expect(told.at(-1)).toBe(`cors Enforced ${from}`);
  });
});

test('what a policy asks of clients is not heard from a rule: before one is known, its listener has spoken', () => {
  const block = 'client: { headers: { underscores: Drop } }, csrf: {}';
  const library = policy('shop', ref('ListenerSet', 'set'), block);
  const filter =
    '{ type: ExtensionRef, extensionRef: { group: gateway.suuupra.io, kind: GatewayPolicy, name: guard } }';
  const own = route('GatewayRoute', 'own', '{ name: public, namespace: infra, sectionName: web }', 'shop', 'of: shop');
  const asking = own.replace('backendRefs', `filters: [${filter}], backendRefs`);
  const { origins, ir } = inForce(estate.replace(own, asking) + configs + library);
  expect(origins('GatewayRoute/shop/own')).toEqual(['csrf Enforced GatewayPolicy shop/guard']);
  expect(ir.listeners['infra/public/web']?.client).toEqual(ir.listeners['infra/other/web']?.client);
  expect(ir.listeners['infra/public/shop/set/web']?.client).not.toEqual(ir.listeners['infra/other/web']?.client);
});
