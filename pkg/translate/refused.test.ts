/** A rule that is refused for its own sake: nothing is forwarded, and policies reach its 500 as they reach every answer. */
import { describe, expect, test } from '@jest/globals';
import { inForce } from '../testkit/in-force.ts';

const base = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: suuupra }
spec: { controllerName: gateway.suuupra.io/controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public, namespace: shop }
spec: { gatewayClassName: suuupra, listeners: [{ name: http, port: 80, protocol: HTTP }] }
---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: baseline, namespace: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: public }]
  policies:
    cors: { allowOrigins: ["https://app.test"] }
    securityHeaders: { preset: Basic }
    ipAccess: { deny: [10.0.0.0/8] }
---
apiVersion: v1
kind: Service
metadata: { name: orders, namespace: shop }
spec: { ports: [{ port: 80 }] }
`;

const own = 'GatewayRoute/shop/orders';
const extension = (name: string): string =>
  `{ type: ExtensionRef, extensionRef: { group: gateway.suuupra.io, kind: GatewayPolicy, name: ${name} } }`;
const invalid = 'authentication: { methods: [{ name: corp, type: JWT }] }';
const absentKey =
  'authentication: { methods: [{ name: corp, type: JWT, jwt: { algorithms: [HS256], sharedSecret: { name: absent, key: secret } } }] }';

/** A GatewayRoute with one rule, as far as `rule` says it. */
function withRule(rule: string, more = ''): ReturnType<typeof inForce> {
  return inForce(`${base}---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayRoute
metadata: { name: orders, namespace: shop }
spec:
  parentRefs: [{ name: public }]
  rules: [{ ${rule}, backendRefs: [{ name: orders, port: 80 }] }]
${more}`);
}

const inherited = [
  'ipAccess Enforced GatewayPolicy shop/baseline',
  'cors Enforced GatewayPolicy shop/baseline',
  'securityHeaders Enforced GatewayPolicy shop/baseline',
];

test.each<[string, string, readonly string[]]>([
  [
    'policies of its own that never can be',
    `policies: { ${invalid} }`,
    ['authentication FailedClosed GatewayRoute shop/orders'],
  ],
  [
    'policies of its own whose Secret is missing',
    `policies: { ${absentKey} }`,
    ['authentication FailedClosed GatewayRoute shop/orders'],
  ],
  ['an ExtensionRef to no policy', `filters: [${extension('absent')}]`, []],
  [
    'an ExtensionRef to something else',
    'filters: [{ type: ExtensionRef, extensionRef: { group: x.test, kind: Thing, name: a } }]',
    [],
  ],
  [
    'a filter that cannot be',
    'filters: [{ type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: connection, value: close }] } }]',
    [],
  ],
])('for %s', (_, rule, more) => {
  const { action, filters, origins, condition, ir } = withRule(rule);
  expect(action(own)).toBe('500 policy-invalid');
  expect(filters(own)).toEqual(['cors', 'securityHeaders']);
  expect(origins(own).toSorted()).toEqual([...inherited, ...more].toSorted());
  expect(condition('GatewayPolicy', 'baseline', 'Enforced')).toBe('True Enforced');
  // Nothing that it would have used is there either.
  expect(
    Object.values(ir.filters)
      .map(({ kind }) => kind)
      .toSorted(),
  ).toEqual(['cors', 'securityHeaders']);
  expect(Object.keys(ir.clusters)).toEqual([]);
});

describe('what is refused', () => {
  test('counts in the status of the policies that reach it, and tells whom it replaces', () => {
    const { statuses } = withRule(`policies: { ${invalid}, cors: { mode: Disabled } }`);
    const status = statuses.find(({ ref }) => ref.kind === 'GatewayPolicy')?.status;
    expect(status).toMatchObject({
      affectedRoutes: 1,
      keys: [
        { key: 'ipAccess', state: 'Enforced', message: 'in force on 1 rule' },
        {
          key: 'cors',
          state: 'Overridden',
          message: 'in force nowhere: rule 0 of GatewayRoute shop/orders (mode: Disabled in GatewayRoute shop/orders)',
        },
        { key: 'securityHeaders', state: 'Enforced' },
      ],
    });
  });

  test('tells its own mistake once', () => {
    const { problems } = withRule(`policies: { ${invalid} }`);
    expect(problems('GatewayRoute', 'orders')).toEqual([
      'spec.rules[0].policies.authentication.methods[0].jwt UnsupportedValue',
    ]);
  });

  test('keeps what dresses answers of its own filters, its own block and its ExtensionRefs, and mirrors nothing', () => {
    const mirror = '{ type: RequestMirror, requestMirror: { backendRef: { name: orders, port: 80 } } }';
    const cors = '{ type: CORS, cors: { allowOrigins: ["https://own.test"] } }';
    const headers = '{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: x-a, value: b }] } }';
    const rule = `filters: [${mirror}, ${cors}, ${headers}, ${extension('library')}, ${extension('absent')}], policies: { securityHeaders: { preset: Strict } }`;
    const library = `---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: library, namespace: shop }
spec: { policies: { responseHeaders: { set: [{ name: x-from, value: library }] }, csrf: {} } }
`;
    const { action, filters, origins, ir } = withRule(rule, library);
    expect(action(own)).toBe('500 policy-invalid');
    expect(filters(own)).toEqual(['cors', 'responseHeaders', 'securityHeaders', 'requestHeaders']);
    expect(origins(own)).toContain('cors Overridden GatewayPolicy shop/baseline by GatewayRoute shop/orders');
    expect(origins(own)).toContain('securityHeaders Enforced GatewayRoute shop/orders');
    expect(origins(own)).toContain('responseHeaders Enforced GatewayPolicy shop/library');
    expect(Object.keys(ir.clusters)).toEqual([]);
  });

  test('without any policy keeps its own, too', () => {
    const yaml = base.replace(/---\napiVersion: \S+\nkind: GatewayPolicy\n[^]*?(?=---)/, '');
    const route = `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: orders, namespace: shop }
spec:
  parentRefs: [{ name: public }]
  rules:
    - filters:
        - { type: CORS, cors: { allowOrigins: ["https://own.test"] } }
        - { type: RequestMirror, requestMirror: { backendRef: { name: orders, port: 80 } } }
        - ${extension('absent')}
      backendRefs: [{ name: orders, port: 80 }]
`;
    const { action, filters, ir } = inForce(yaml + route);
    expect([action('HTTPRoute/shop/orders'), filters('HTTPRoute/shop/orders')]).toEqual([
      '500 policy-invalid',
      ['cors'],
    ]);
    expect(Object.keys(ir.clusters)).toEqual([]);
  });

  test('and closed by a policy above: both are told, each where it belongs', () => {
    const broken = `---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: broken, namespace: shop }
spec:
  targetRefs: [{ group: gateway.suuupra.io, kind: GatewayRoute, name: orders }]
  policies: { ${absentKey} }
`;
    const { action, filters, problems, condition } = withRule(`filters: [${extension('absent')}]`, broken);
    expect([action(own), filters(own)]).toEqual(['500 policy-invalid', ['cors', 'securityHeaders']]);
    expect(problems('GatewayRoute', 'orders')).toEqual([
      'spec.rules[0].filters[0].extensionRef RefNotFound',
      'spec.rules[0] PolicyFailedClosed',
    ]);
    expect(condition('GatewayPolicy', 'broken', 'Enforced')).toBe('False FailedClosed');
  });
});

test('an Ingress that an annotation closes answers 503 with what dresses answers', () => {
  const ingress = `---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: suuupra }
spec: { controller: gateway.suuupra.io/ingress-controller }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web, namespace: shop, annotations: { nginx.ingress.kubernetes.io/auth-url: "http://auth.test" } }
spec:
  ingressClassName: suuupra
  rules: [{ host: a.example.com, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: orders, port: { number: 80 } } } }] } }]
---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: web, namespace: shop }
spec:
  targetRefs: [{ group: networking.k8s.io, kind: Ingress, name: web }]
  policies: { cors: { allowOrigins: ["https://app.test"] }, csrf: {} }
`;
  const { action, filters, origins } = inForce(base + ingress);
  const route = 'Ingress/shop/web/a.example.com';
  expect([action(route), filters(route)]).toEqual(['503 annotation-unsupported', ['cors']]);
  expect(origins(route)).toEqual(['cors Enforced GatewayPolicy shop/web', 'csrf Enforced GatewayPolicy shop/web']);
});
