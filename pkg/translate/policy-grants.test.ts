/**
 * Backends of other namespaces, in every field of a policy or filter that may name one: only a ReferenceGrant for the object that declares the
 * reference opens the way, and it closes with the grant.
 */
import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../api/object.ts';
import { validateObject } from '../api/validate.ts';
import { goldenOptions, storeOf } from '../testkit/golden.ts';
import { Memo } from './memo.ts';
import { translate } from './translate.ts';
import type { Translation } from './translation.ts';

const gatewayApi = 'gateway.networking.k8s.io';
const ours = 'gateway.suuupra.io';

function valid(apiVersion: string, kind: string, namespace: string, name: string, rest: object): KubeObject {
  const metadata = { name, ...(namespace !== '' && { namespace }) };
  const result = validateObject({ apiVersion, kind, metadata, ...rest });
  if (!('object' in result)) throw new Error(JSON.stringify(result));
  return result.object;
}

const object = (apiVersion: string, kind: string, namespace: string, name: string, spec: object): KubeObject =>
  valid(apiVersion, kind, namespace, name, { spec });

type Ref = Readonly<Record<string, string | number>>;
const service: Ref = { name: 'sso', namespace: 'vault', port: 80 };
const backend: Ref = { group: ours, kind: 'Backend', name: 'sso', namespace: 'vault' };

/** Methods of `authentication` with a backendRef. */
const methods: Readonly<Record<string, (backendRef: Ref) => object>> = {
  'ExternalAuth over HTTP': (backendRef) => ({
    type: 'ExternalAuth',
    externalAuth: { protocol: 'HTTP', backendRef, http: { path: '/auth' } },
  }),
  'ExternalAuth over gRPC': (backendRef) => ({
    type: 'ExternalAuth',
    externalAuth: { protocol: 'GRPC', backendRef },
  }),
  introspection: (backendRef) => ({
    type: 'Introspection',
    introspection: { clientID: 'a', clientSecret: { name: 'own', key: 'a' }, endpoint: { backendRef, path: '/x' } },
  }),
  'keys of JWT': (backendRef) => ({ type: 'JWT', jwt: { remoteJWKS: { backendRef, path: '/keys' } } }),
};
const authentication = (method: object) => ({ authentication: { methods: [{ name: 'a', ...method }] } });
const externalAuth = methods['ExternalAuth over HTTP']!;

interface Declared {
  /** Kind and namespace of the object that declares the reference. */
  readonly from: { readonly group: string; readonly kind: string; readonly namespace: string };
  readonly objects?: (ref: Ref) => readonly KubeObject[];
  /** Of the rule of the GatewayRoute, or of the HTTPRoute. */
  readonly rule?: (ref: Ref) => object;
  readonly route?: 'HTTPRoute';
  /** Where the reference stands, as statuses tell it. */
  readonly path: string;
}

const policyOf = (namespace: string, target: object, method: (ref: Ref) => object): Declared => ({
  from: { group: ours, kind: 'GatewayPolicy', namespace },
  objects: (ref) => [
    object(`${ours}/v1alpha1`, 'GatewayPolicy', namespace, 'a', {
      targetRefs: [target],
      policies: authentication(method(ref)),
    }),
  ],
  path: 'spec.policies.authentication.methods[0]',
});
const gatewayTarget = { group: gatewayApi, kind: 'Gateway', name: 'public' };
const routeTarget = { group: ours, kind: 'GatewayRoute', name: 'orders' };
const filterAt = 'spec.rules[0].filters[0]';
const filterOf = (route: 'HTTPRoute' | undefined, filter: (backendRef: Ref) => object): Declared => ({
  from: { group: route === undefined ? ours : gatewayApi, kind: route ?? 'GatewayRoute', namespace: 'shop' },
  rule: (ref) => ({ filters: [filter(ref)] }),
  ...(route !== undefined && { route }),
  path: filterAt,
});
const extAuthFilter = (backendRef: Ref) => ({
  type: 'ExternalAuth',
  externalAuth: { protocol: 'HTTP', backendRef, http: {} },
});
const mirrorFilter = (backendRef: Ref) => ({ type: 'RequestMirror', requestMirror: { backendRef } });

const declared: Readonly<Record<string, Declared>> = {
  ...Object.fromEntries(
    Object.entries(methods).flatMap(([name, method]) => [
      [`${name}, in a policy of the route`, policyOf('shop', routeTarget, method)],
      [`${name}, in a policy of the Gateway`, policyOf('infra', gatewayTarget, method)],
    ]),
  ),
  'ExternalAuth in the rule itself': {
    from: { group: ours, kind: 'GatewayRoute', namespace: 'shop' },
    rule: (ref) => ({ policies: authentication(externalAuth(ref)) }),
    path: 'spec.rules[0].policies.authentication.methods[0]',
  },
  'ExternalAuth in the defaults of the class': {
    from: { group: ours, kind: 'GatewayClassConfig', namespace: 'config' },
    objects: (ref) => [
      object(`${ours}/v1alpha1`, 'GatewayClassConfig', 'config', 'a', {
        defaults: { policies: authentication(externalAuth(ref)) },
      }),
    ],
    path: 'spec.defaults.policies.authentication.methods[0]',
  },
  'an ExternalAuth filter of a GatewayRoute': filterOf(undefined, extAuthFilter),
  'an ExternalAuth filter of an HTTPRoute': filterOf('HTTPRoute', extAuthFilter),
  'a RequestMirror filter of a GatewayRoute': filterOf(undefined, mirrorFilter),
  'a RequestMirror filter of an HTTPRoute': filterOf('HTTPRoute', mirrorFilter),
};

function objectsOf({ from, objects, rule, route }: Declared, ref: Ref): readonly KubeObject[] {
  const parametersRef = { group: ours, kind: 'GatewayClassConfig', namespace: 'config', name: 'a' };
  const allowedRoutes = { namespaces: { from: 'All' } };
  const apiVersion = route === undefined ? `${ours}/v1alpha1` : `${gatewayApi}/v1`;
  const ports = [{ port: 80 }];
  return [
    object(`${gatewayApi}/v1`, 'GatewayClass', '', 's', {
      controllerName: 'gateway.suuupra.io/controller',
      ...(from.kind === 'GatewayClassConfig' && { parametersRef }),
    }),
    object(`${gatewayApi}/v1`, 'Gateway', 'infra', 'public', {
      gatewayClassName: 's',
      listeners: [{ name: 'http', port: 80, protocol: 'HTTP', allowedRoutes }],
    }),
    object(apiVersion, route ?? 'GatewayRoute', 'shop', 'orders', {
      parentRefs: [{ name: 'public', namespace: 'infra' }],
      rules: [{ backendRefs: [{ name: 'orders', port: 80 }], ...rule?.(ref) }],
    }),
    object('v1', 'Service', 'shop', 'orders', { clusterIP: '10.0.0.1', ports }),
    object('v1', 'Service', 'vault', 'sso', { clusterIP: '10.0.0.2', ports }),
    object(`${ours}/v1alpha1`, 'Backend', 'vault', 'sso', {
      type: 'Service',
      port: { port: 80 },
      service: { name: 'sso' },
    }),
    valid('v1', 'Secret', from.namespace, 'own', { stringData: { a: 'b' } }),
    ...(objects?.(ref) ?? []),
  ];
}

const grant = (namespace: string, from: object, to: object): KubeObject =>
  object(`${gatewayApi}/v1beta1`, 'ReferenceGrant', namespace, 'a', { from: [from], to: [to] });

/** Clusters that the data plane is told of, besides the route's. */
const foreign = ({ ir }: Translation): readonly string[] =>
  Object.keys(ir.clusters).filter((id) => !id.includes('/shop/'));

/** What a rule does, and by which filters. */
function served({ ir }: Translation): string {
  const rules = Object.values(ir.routes).flatMap(({ rules }) => rules);
  return rules
    .map(({ action, filters }) => [action.kind, ...filters.map((id) => ir.filters[id]?.kind)].join(' '))
    .join();
}

describe.each([
  ['a Service', service],
  ['a Backend', backend],
])('%s', (_, ref) => {
  describe.each(Object.entries(declared))('of %s', (name, place) => {
    const { from } = place;
    const to = { group: ref['group'] ?? '', kind: ref['kind'] ?? 'Service' };
    const run = (grants: readonly KubeObject[], memo?: Memo): Translation =>
      translate(storeOf([...objectsOf(place, ref), ...grants]).snapshot(), goldenOptions, memo);
    const good = grant('vault', from, { ...to, name: 'sso' });
    const cluster = `${to.kind}/vault/sso:80`;

    function expectClosed(translation: Translation): void {
      expect(foreign(translation)).toEqual([]);
      // A rule without its mirror answers all the same; one without its guard must not.
      expect(served(translation)).toBe(name.includes('RequestMirror') ? 'forward mirror' : 'refuse');
      expect(JSON.stringify(translation.ir)).not.toContain('vault');
      const told = translation.statuses.flatMap(({ problems }) => problems.map((p) => `${p.path}: ${p.message}`));
      expect(told.some((text) => text.includes(place.path) && text.includes('no ReferenceGrant there allows it'))).toBe(
        true,
      );
    }

    test('with the grant, of the object or of its kind', () => {
      for (const granted of [good, grant('vault', from, to)]) {
        const translation = run([granted]);
        expect(foreign(translation)).toEqual([cluster]);
        expect(served(translation)).toMatch(/^forward \w+$/);
      }
    });

    test.each<[string, readonly KubeObject[]]>([
      ['without a grant', []],
      ['with one in the namespace of who refers', [grant(from.namespace, from, to)]],
      ['with one in a third namespace', [grant('other', from, to)]],
      ['with one from another namespace', [grant('vault', { ...from, namespace: 'other' }, to)]],
      ['with one from another kind', [grant('vault', { ...from, group: gatewayApi, kind: 'TLSRoute' }, to)]],
      ['with one from the kind in another group', [grant('vault', { ...from, group: 'example.com' }, to)]],
      ['with one to another kind', [grant('vault', from, { group: '', kind: 'Secret' })]],
      ['with one to the kind in another group', [grant('vault', from, { ...to, group: 'example.com' })]],
      ['with one to another name', [grant('vault', from, { ...to, name: 'ss' })]],
    ])('%s it is closed', (_, grants) => expectClosed(run(grants)));

    test('it closes with the grant, and opens with it', () => {
      const memo = new Memo();
      expect(foreign(run([good], memo))).toEqual([cluster]);
      expectClosed(run([], memo));
      expectClosed(run([grant('vault', from, { ...to, name: 'other' })], memo));
      expect(foreign(run([good], memo))).toEqual([cluster]);
    });
  });
});

test('a grant that goes while a Secret of the same policy is gone closes all the same, whatever is kept of the Secret', () => {
  const to = { group: '', kind: 'Service' };
  const place: Declared = {
    ...policyOf('infra', gatewayTarget, externalAuth),
    objects: (ref) => [
      object(`${ours}/v1alpha1`, 'GatewayPolicy', 'infra', 'a', {
        targetRefs: [gatewayTarget],
        policies: {
          ...authentication(externalAuth(ref)),
          signedURLs: { keys: [{ id: 'k', algorithm: 'HMACSHA256', secretRef: { name: 'urls', key: 'a' } }] },
        },
      }),
    ],
  };
  const secret = valid('v1', 'Secret', 'infra', 'urls', { stringData: { a: 'x'.repeat(40) } });
  const good = grant('vault', place.from, to);
  const memo = new Memo();
  const run = (...more: readonly KubeObject[]) =>
    translate(storeOf([...objectsOf(place, service), ...more]).snapshot(), goldenOptions, memo);
  expect(served(run(secret, good))).toBe('forward signedURLs authentication');
  // Its last good value is kept: the policy is a whole Gateway's.
  expect(served(run(good))).toBe('forward signedURLs authentication');
  expect(served(run())).toBe('refuse');
  expect(served(run(secret))).toBe('refuse');
});

test('what a Backend refers to is of its own namespace, whoever refers to it', () => {
  const place = declared['ExternalAuth over HTTP, in a policy of the route']!;
  const all = objectsOf(place, backend).filter(({ kind, metadata }) => kind !== 'Service' || metadata.name !== 'sso');
  const granted = grant('vault', place.from, { group: ours, kind: 'Backend' });
  const inShop = object('v1', 'Service', 'shop', 'sso', { clusterIP: '10.0.0.3', ports: [{ port: 80 }] });
  const translation = translate(storeOf([...all, granted, inShop]).snapshot(), goldenOptions);
  expect(JSON.stringify(translation.ir)).not.toContain('10.0.0.3');
  expect(Object.keys(translation.ir.clusters).filter((id) => id.includes('/shop/sso'))).toEqual([]);
});
