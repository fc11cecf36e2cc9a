/** Whatever a file holds, validateObject returns: it never throws, and what it accepts is frozen and accepted again. */
import { describe, expect, test } from '@jest/globals';
import { KINDS } from './kinds.ts';
import type { KubeObject } from './object.ts';
import { validateObject } from './validate.ts';

const VALUES: readonly unknown[] = [
  null,
  undefined,
  '',
  0,
  -1,
  1.5,
  Number.NaN,
  1e300,
  true,
  'a',
  '*',
  '/',
  '/a//b',
  '%',
  '10s',
  [],
  {},
  [null],
  [[]],
  [{}],
  { a: 1 },
  'x'.repeat(5000),
  '\u0000',
  '\ud800',
  { __proto__: null },
  JSON.parse('{"__proto__":{"a":1}}'),
  12n,
  Symbol('s'),
  () => 1,
  new Date(0),
];
const KEYS = [
  'name',
  'type',
  'path',
  'filters',
  'cors',
  'urlRewrite',
  'tls',
  'port',
  'spec',
  'constructor',
  '__proto__',
  'toString',
  '',
];

const backendRefs = [{ name: 'a', port: 80, filters: [{ type: 'CORS', cors: { allowOrigins: ['*'] } }] }];
const filters = [
  { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } } },
  { type: 'RequestMirror', requestMirror: { backendRef: { name: 'a', port: 80 }, fraction: { numerator: 1 } } },
];
const route = {
  parentRefs: [{ name: 'g' }],
  rules: [
    {
      name: 'a',
      matches: [{ path: { value: '/' }, headers: [{ name: 'a', value: 'b' }] }],
      filters,
      backendRefs,
      timeouts: { request: '1s' },
    },
  ],
};
const SPECS: Readonly<Record<string, object>> = {
  HTTPRoute: { spec: route },
  GatewayRoute: { spec: route },
  Gateway: {
    spec: {
      gatewayClassName: 'c',
      listeners: [{ name: 'a', port: 443, protocol: 'HTTPS', tls: { certificateRefs: [{ name: 's' }] } }],
    },
  },
  GatewayClass: { spec: { controllerName: 'a.b/c' } },
  ListenerSet: { spec: { parentRef: { name: 'gw' }, listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] } },
  ReferenceGrant: { spec: { from: [{ group: '', kind: 'K', namespace: 'n' }], to: [{ group: '', kind: 'K' }] } },
  Ingress: {
    spec: {
      rules: [
        {
          http: {
            paths: [{ path: '/', pathType: 'Exact', backend: { service: { name: 'a', port: { number: 80 } } } }],
          },
        },
      ],
    },
  },
  Service: { spec: { ports: [{ port: 80 }] } },
  EndpointSlice: { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 80 }] },
  Secret: { data: { a: 'YQ==' } },
  ConfigMap: { data: { a: 'b' } },
  GatewayPolicy: {
    spec: {
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public', sectionName: 'https' }],
      policies: { cors: { allowOrigins: ['https://a.test'] }, authentication: { mode: 'Disabled' } },
    },
  },
  Backend: { spec: { type: 'Static', static: { endpoints: [{ address: '192.0.2.1', port: 80 }] } } },
  GatewayClassConfig: { spec: { egress: { deniedCIDRs: ['10.0.0.0/8'] }, dataPlane: { limits: { bodySize: '1M' } } } },
  APIKey: {
    spec: {
      subject: 'a',
      scopes: ['b'],
      metadata: { plan: 'gold' },
      keys: [{ id: 'k7f3', hash: `sha256:${'0'.repeat(64)}`, expires: '2026-12-01T00:00:00Z' }],
    },
  },
};

describe.each(Object.entries(KINDS))('%s', (kind, { group, versions }) => {
  const seed = {
    apiVersion: group === '' ? versions[0] : `${group}/${versions[0]}`,
    kind,
    metadata: { name: 'x', labels: { a: 'b' } },
    ...SPECS[kind],
  };

  test('the seed itself is accepted', () => {
    expect(validateObject(seed)).toHaveProperty('object');
  });

  test('2,000 mutations never throw', () => {
    const random = generator(kind.length);
    const accepted: KubeObject[] = [];
    for (let round = 0; round < 2000; round++) {
      const raw = structuredClone(seed);
      mutate(raw, random);
      if (random() < 0.5) mutate(raw, random);
      const result = validateObject(raw);
      if ('object' in result) accepted.push(result.object);
    }
    expect(accepted.every(isDeeplyFrozen)).toBe(true);
    expect(accepted.map(validateObject)).toEqual(accepted.map((object) => ({ object })));
  });
});

test('the root may be anything', () => {
  for (const value of VALUES) expect(Object.keys(validateObject(value))).toHaveLength(1);
});

test('an object that contains itself, by a YAML alias, is refused', () => {
  const rule: Record<string, unknown> = {};
  rule['rules'] = [rule];
  const raw = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'a' },
    spec: { rules: [rule] },
  };
  expect(validateObject(raw)).toHaveProperty('problems');
});

function mutate(root: object, random: () => number): void {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  let parent = root as Record<string, unknown>;
  for (;;) {
    const keys = Object.keys(parent);
    const key = keys.length === 0 || random() < 0.1 ? pick(KEYS) : pick(keys);
    const child = Object.hasOwn(parent, key) ? parent[key] : undefined;
    if (typeof child === 'object' && child !== null && random() < 0.8) parent = child as Record<string, unknown>;
    else {
      Object.defineProperty(parent, key, { value: pick(VALUES), enumerable: true, configurable: true, writable: true });
      return;
    }
  }
}

/** Of what was made here; nothing is shared with the input. */
function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen);
}

/** Park and Miller: the same mutations on every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
