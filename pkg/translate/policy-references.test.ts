/**
 * What policies refer to by name is of the namespace of the object that declares them, whoever else has an object of that name, and whatever
 * ReferenceGrants say: their references have no namespace. References to backends, which have one, are in policy-grants.test.ts.
 */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../api/object.ts';
import { validateObject } from '../api/validate.ts';
import { jwkOf, rsa } from '../policy/authentication/tokens.testing.ts';
import { testCertificates } from '../testkit/certificates.ts';
import { goldenOptions, storeOf } from '../testkit/golden.ts';
import { translate } from './translate.ts';
import type { Translation } from './translation.ts';

const gatewayApi = 'gateway.networking.k8s.io';
const ours = 'gateway.suuupra.io';

function valid(raw: object): KubeObject {
  const result = validateObject(raw);
  if (!('object' in result)) throw new Error(JSON.stringify(result));
  return result.object;
}

const object = (apiVersion: string, kind: string, namespace: string, name: string, rest: object): KubeObject =>
  valid({ apiVersion, kind, metadata: { name, ...(namespace !== '' && { namespace }) }, ...rest });

const { publicKey: publicKeyPem } = generateKeyPairSync('ed25519', {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const material: Readonly<Record<string, string>> = {
  users: 'ada:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n',
  secret: 'a secret of thirty-two bytes, no less',
  'public.pem': publicKeyPem,
  'keys.json': JSON.stringify({ keys: [jwkOf(rsa, { kid: 'a' })] }),
  'ca.crt': testCertificates().localhost.certificate,
  networks: '10.0.0.0/8\n',
  'schema.json': '{"type":"object"}',
  body: 'not here',
};
/** A Secret and a ConfigMap of one name, with all that any reference asks for. */
const materialIn = (namespace: string, name: string): readonly KubeObject[] => [
  object('v1', 'Secret', namespace, name, { stringData: material }),
  object('v1', 'ConfigMap', namespace, name, { data: material }),
];

/** An object of this name is in the namespace of the policy, always. */
const own = { name: 'own', key: 'secret' };
const method = (type: string, member: string, spec: object) => ({
  authentication: { methods: [{ name: 'a', type, [member]: spec }] },
});
const uri = 'https://login.test/x';
const introspection = { clientID: 'gateway', endpoint: { uri }, clientSecret: own };
const oidc = { issuer: 'https://login.test', clientID: 'app', session: { keys: [own] } };

/** Blocks `policies` with one reference to an object of the name `shared`; `more` stands in it. */
const references: Readonly<Record<string, (more: object) => Readonly<Record<string, object>>>> = {
  'users of Basic': (more) => method('Basic', 'basic', { users: { name: 'shared', key: 'users', ...more } }),
  'client secret of OIDC': (more) =>
    method('OIDC', 'oidc', { ...oidc, clientSecret: { name: 'shared', key: 'secret', ...more } }),
  'cookie key of OIDC': (more) =>
    method('OIDC', 'oidc', { ...oidc, session: { keys: [own, { name: 'shared', key: 'secret', ...more }] } }),
  'CA of OIDC': (more) => method('OIDC', 'oidc', { ...oidc, caCertificateRef: { name: 'shared', ...more } }),
  'Secret of localJWKS': (more) =>
    method('JWT', 'jwt', {
      localJWKS: { type: 'ValueRef', valueRef: { kind: 'Secret', name: 'shared', key: 'keys.json', ...more } },
    }),
  'ConfigMap of localJWKS': (more) =>
    method('JWT', 'jwt', {
      localJWKS: { type: 'ValueRef', valueRef: { kind: 'ConfigMap', name: 'shared', key: 'keys.json', ...more } },
    }),
  'sharedSecret of JWT': (more) =>
    method('JWT', 'jwt', { algorithms: ['HS256'], sharedSecret: { name: 'shared', key: 'secret', ...more } }),
  'CA of remoteJWKS': (more) =>
    method('JWT', 'jwt', { remoteJWKS: { uri, caCertificateRef: { name: 'shared', ...more } } }),
  'CA of discovery': (more) =>
    method('JWT', 'jwt', {
      issuer: 'https://login.test',
      discovery: { caCertificateRef: { kind: 'Secret', name: 'shared', ...more } },
    }),
  'client secret of introspection': (more) =>
    method('Introspection', 'introspection', {
      ...introspection,
      clientSecret: { name: 'shared', key: 'secret', ...more },
    }),
  'CA of introspection': (more) =>
    method('Introspection', 'introspection', {
      ...introspection,
      endpoint: { uri, caCertificateRef: { name: 'shared', ...more } },
    }),
  'Secret of signedURLs': (more) => ({
    signedURLs: {
      keys: [{ id: 'k', algorithm: 'HMACSHA256', secretRef: { name: 'shared', key: 'secret', ...more } }],
    },
  }),
  'public key of signedURLs': (more) => ({
    signedURLs: {
      keys: [{ id: 'k', algorithm: 'Ed25519', publicKeyRef: { name: 'shared', key: 'public.pem', ...more } }],
    },
  }),
  'list of ipAccess': (more) => ({ ipAccess: { listRef: { name: 'shared', key: 'networks', ...more } } }),
  'schema of validation': (more) => ({
    validation: { schema: { type: 'ValueRef', valueRef: { name: 'shared', key: 'schema.json', ...more } } },
  }),
  'body of responseOverrides': (more) => ({
    responseOverrides: {
      rules: [{ statuses: [404], type: 'Response', response: { bodyRef: { name: 'shared', key: 'body', ...more } } }],
    },
  }),
};

const gatewayTarget = { group: gatewayApi, kind: 'Gateway', name: 'public' };
const routeTarget = { group: ours, kind: 'GatewayRoute', name: 'orders' };
const policy = (namespace: string, spec: object): KubeObject =>
  object(`${ours}/v1alpha1`, 'GatewayPolicy', namespace, 'a', { spec });

interface Declared {
  /** Of the object that declares the policies. */
  readonly namespace: string;
  readonly objects: (policies: object) => readonly KubeObject[];
  /** Of the rule `policies`. */
  readonly inline?: (policies: object) => object;
}

/** The Gateway is in `infra`, the route in `shop`. */
const places: Readonly<Record<string, Declared>> = {
  'a policy of the Gateway': {
    namespace: 'infra',
    objects: (policies) => [policy('infra', { targetRefs: [gatewayTarget], policies })],
  },
  'a policy of the route': {
    namespace: 'shop',
    objects: (policies) => [policy('shop', { targetRefs: [routeTarget], policies })],
  },
  'a policy that the rule names': {
    namespace: 'shop',
    objects: (policies) => [policy('shop', { policies })],
    inline: () => ({
      filters: [{ type: 'ExtensionRef', extensionRef: { group: ours, kind: 'GatewayPolicy', name: 'a' } }],
    }),
  },
  'the rule itself': { namespace: 'shop', objects: () => [], inline: (policies) => ({ policies }) },
  'the defaults of the class': {
    namespace: 'config',
    objects: (policies) => [
      object(`${ours}/v1alpha1`, 'GatewayClassConfig', 'config', 'a', { spec: { defaults: { policies } } }),
    ],
  },
};

function run({ objects, inline, namespace }: Declared, policies: object, more: readonly KubeObject[]): Translation {
  const parametersRef = { group: ours, kind: 'GatewayClassConfig', namespace: 'config', name: 'a' };
  const withConfig = namespace === 'config' && { parametersRef };
  const allowedRoutes = { namespaces: { from: 'All' } };
  const all = [
    object(`${gatewayApi}/v1`, 'GatewayClass', '', 's', {
      spec: { controllerName: 'gateway.suuupra.io/controller', ...withConfig },
    }),
    object(`${gatewayApi}/v1`, 'Gateway', 'infra', 'public', {
      spec: { gatewayClassName: 's', listeners: [{ name: 'http', port: 80, protocol: 'HTTP', allowedRoutes }] },
    }),
    object(`${ours}/v1alpha1`, 'GatewayRoute', 'shop', 'orders', {
      spec: {
        parentRefs: [{ name: 'public', namespace: 'infra' }],
        rules: [{ backendRefs: [{ name: 'orders', port: 80 }], ...inline?.(policies) }],
      },
    }),
    object('v1', 'Service', 'shop', 'orders', { spec: { clusterIP: '10.0.0.1', ports: [{ port: 80 }] } }),
    ...objects(policies),
    ...materialIn(namespace, 'own'),
    ...more,
  ];
  return translate(storeOf(all).snapshot(), goldenOptions);
}

/** `forward authentication`: what becomes of requests, and which policies are in force. */
function served({ ir }: Translation): string {
  const rules = Object.values(ir.routes).flatMap(({ rules }) => rules);
  const kinds = rules.flatMap(({ filters }) => filters.map((id) => ir.filters[id]?.kind ?? '?'));
  return [...rules.map(({ action }) => action.kind), ...kinds].join(' ');
}

/** Grants all that there is to grant. */
function grantIn(namespace: string, from: string): KubeObject {
  const kinds = ['GatewayPolicy', 'GatewayRoute', 'GatewayClassConfig'];
  return object(`${gatewayApi}/v1beta1`, 'ReferenceGrant', namespace, 'all', {
    spec: {
      from: kinds.map((kind) => ({ group: ours, kind, namespace: from })),
      to: ['Secret', 'ConfigMap'].map((kind) => ({ group: '', kind })),
    },
  });
}

describe.each(Object.entries(places))('in %s', (_, place) => {
  const foreign = ['infra', 'shop', 'config', 'vault'].filter((namespace) => namespace !== place.namespace);

  test.each(Object.entries(references))('%s', (_, block) => {
    const policies = block({});
    const [key = ''] = Object.keys(policies);
    expect(served(run(place, policies, materialIn(place.namespace, 'shared')))).toBe(`forward ${key}`);

    const open = key === 'responseOverrides' ? 'forward' : 'refuse';
    for (const grants of [[], foreign.map((namespace) => grantIn(namespace, place.namespace))]) {
      const elsewhere = foreign.flatMap((namespace) => materialIn(namespace, 'shared'));
      const translation = run(place, policies, [...elsewhere, ...grants]);
      expect(served(translation)).toBe(open);
      // Nothing of the others is in what the workers get.
      const { secrets, authorities } = translation.ir;
      expect([...Object.keys(secrets), ...Object.keys(authorities)].filter((id) => id.includes('/shared'))).toEqual([]);
      const told = JSON.stringify(translation.statuses).includes(`${place.namespace}/shared`);
      expect(told || open === 'forward').toBe(true);
    }
  });
});

const unknownField = /\.namespace","message":"unknown field/;

test.each(Object.entries(references))('%s cannot name a namespace', (_, block) => {
  for (const declared of Object.values(places)) {
    const refused = () => run(declared, block({ namespace: 'vault' }), []);
    expect(refused).toThrow(unknownField);
  }
});

describe('a policy of another namespace', () => {
  const cors = { cors: { allowOrigins: ['https://a.test'] } };
  const grant = object(`${gatewayApi}/v1beta1`, 'ReferenceGrant', 'vault', 'all', {
    spec: {
      from: [{ group: ours, kind: 'GatewayRoute', namespace: 'shop' }],
      to: [{ group: ours, kind: 'GatewayPolicy' }],
    },
  });
  const named = places['a policy that the rule names']!;

  test('is not found by the rule that names it, granted or not', () => {
    const elsewhere = { ...named, objects: () => [policy('vault', { policies: cors })] };
    expect(served(run(named, cors, []))).toBe('forward cors');
    for (const more of [[], [grant]]) expect(served(run(elsewhere, cors, more))).toBe('refuse');
  });

  test.each([
    ['a Gateway', gatewayTarget],
    ['a route', routeTarget],
  ])('does not reach %s of the same name', (_, target) => {
    const nothing: Declared = { namespace: 'shop', objects: () => [] };
    const foreign = policy('vault', { targetRefs: [target], policies: cors });
    const translation = run(nothing, cors, [foreign, grant]);
    expect(served(translation)).toBe('forward');
    expect(JSON.stringify(translation.statuses)).toContain(`${target.kind} vault/${target.name} not found`);
  });

  test.each([
    ['targetRefs', { targetRefs: [{ ...gatewayTarget, namespace: 'infra' }], policies: cors }],
    [
      'targetSelectors',
      {
        targetSelectors: [{ group: gatewayApi, kind: 'Gateway', namespace: 'infra', matchLabels: { a: 'b' } }],
        policies: cors,
      },
    ],
  ])('cannot be named by %s', (_, spec) => {
    expect(() => policy('vault', spec)).toThrow(unknownField);
  });

  test('cannot be named by an ExtensionRef', () => {
    const extensionRef = { group: ours, kind: 'GatewayPolicy', name: 'a', namespace: 'vault' };
    const inline = () => ({ filters: [{ type: 'ExtensionRef', extensionRef }] });
    expect(() => run({ ...named, inline }, cors, [])).toThrow(unknownField);
  });
});
