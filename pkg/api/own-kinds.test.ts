/** GatewayRoute, Backend and GatewayClassConfig: what is accepted, what is refused, and that GatewayRoute is a superset of HTTPRoute. */
import { describe, expect, test } from '@jest/globals';
import { SCHEMAS } from './schemas.ts';
import type { StructuralSchema } from './structural.ts';
import { validateObject } from './validate.ts';

const object = (kind: string, spec: unknown) => ({
  apiVersion: 'gateway.suuupra.io/v1alpha1',
  kind,
  metadata: { name: 'x' },
  spec,
});

function specOf(kind: string, spec: unknown): unknown {
  const result = validateObject(object(kind, spec));
  if (!('object' in result)) throw new Error(JSON.stringify(result));
  return (result.object as typeof result.object & { readonly spec: unknown }).spec;
}

function pathsOf(kind: string, spec: unknown): readonly string[] {
  const result = validateObject(object(kind, spec));
  return 'problems' in result ? result.problems.map((problem) => problem.path) : [];
}

const rule = (more: object) => ({ rules: [more] });
const DIRECT = { type: 'DirectResponse', directResponse: { statusCode: 200 } };
const direct = (more: object) =>
  rule({ filters: [{ type: 'DirectResponse', directResponse: { statusCode: 200, ...more } }] });
const rewrite = (path: object) => rule({ filters: [{ type: 'URLRewrite', urlRewrite: { path } }] });
const regex = { pattern: '^/v(\\d+)/', substitution: '/$1/' };

describe('GatewayRoute', () => {
  test('has what HTTPRoute has not, with defaults', () => {
    const spec = rule({
      matches: [{ cookies: [{ name: 'c', value: 'v' }] }],
      backendRefs: [
        {
          name: 'a',
          port: 80,
          filters: [
            {
              type: 'URLRewrite',
              urlRewrite: { path: { type: 'ReplaceRegularExpression', replaceRegularExpression: regex } },
            },
          ],
        },
      ],
      timeouts: { idle: '60s' },
    });
    expect(specOf('GatewayRoute', spec)).toMatchObject(
      rule({
        matches: [{ path: { type: 'PathPrefix', value: '/' }, cookies: [{ type: 'Exact', name: 'c', value: 'v' }] }],
        backendRefs: [{ kind: 'Service', weight: 1, priority: 0 }],
        timeouts: { idle: '60s' },
      }),
    );
    expect(specOf('GatewayRoute', direct({ bodyRef: { name: 'a', key: 'b' } }))).toMatchObject(
      direct({ bodyRef: { kind: 'ConfigMap' } }),
    );
  });

  test('has up to 64 rules and 256 matches', () => {
    const rules = (count: number, matches: number) => ({
      rules: Array.from({ length: count }, () => ({ matches: Array.from({ length: matches }, () => ({})) })),
    });
    expect(pathsOf('GatewayRoute', rules(64, 4))).toEqual([]);
    expect(pathsOf('GatewayRoute', rules(65, 1))).toEqual(['spec.rules']);
    expect(pathsOf('GatewayRoute', rules(5, 64))).toEqual(['spec.rules']);
  });

  test.each<[string, unknown, string]>([
    [
      'a direct response with two bodies',
      direct({ body: 'a', bodyRef: { name: 'a', key: 'b' } }),
      'filters[0].directResponse.bodyRef',
    ],
    [
      'a direct response without a status',
      rule({ filters: [{ type: 'DirectResponse', directResponse: {} }] }),
      'filters[0].directResponse.statusCode',
    ],
    [
      'a direct response of another type',
      rule({ filters: [{ type: 'CORS', cors: {}, directResponse: { statusCode: 200 } }] }),
      'filters[0].directResponse',
    ],
    ['a 1xx as direct response', direct({ statusCode: 101 }), 'filters[0].directResponse.statusCode'],
    ['a body that is too long', direct({ body: 'x'.repeat(4097) }), 'filters[0].directResponse.body'],
    ['two direct responses', rule({ filters: [DIRECT, DIRECT] }), 'filters[1]'],
    [
      'a regex rewrite without a regex',
      rewrite({ type: 'ReplaceRegularExpression' }),
      'filters[0].urlRewrite.path.replaceRegularExpression',
    ],
    [
      'a regex rewrite of another type',
      rewrite({ type: 'ReplaceFullPath', replaceFullPath: '/', replaceRegularExpression: regex }),
      'filters[0].urlRewrite.path.replaceRegularExpression',
    ],
    ['a priority above 7', rule({ backendRefs: [{ name: 'a', port: 80, priority: 8 }] }), 'backendRefs[0].priority'],
    [
      'one cookie twice',
      rule({
        matches: [
          {
            cookies: [
              { name: 'c', value: '1' },
              { name: 'c', value: '2' },
            ],
          },
        ],
      }),
      'matches[0].cookies[1]',
    ],
  ])('refuses %s', (_name, spec, path) => {
    expect(pathsOf('GatewayRoute', spec)).toEqual([`spec.rules[0].${path}`]);
  });

  test('accepts whatever HTTPRoute accepts: nothing of its schema is taken away or narrowed', () => {
    expect(narrowed(SCHEMAS.HTTPRoute, SCHEMAS.GatewayRoute, '')).toEqual([]);
  });

  test('none of ours passes as an HTTPRoute', () => {
    const raw = { ...object('HTTPRoute', direct({})), apiVersion: 'gateway.networking.k8s.io/v1' };
    expect(validateObject(raw)).toHaveProperty('problems');
  });
});

/** Places where `ours` accepts less than `theirs`, or means something else by the same value. */
function narrowed(theirs: StructuralSchema, ours: StructuralSchema | undefined, path: string): string[] {
  if (ours === undefined) return [`${path} is missing`];
  const found: string[] = [];
  for (const fact of [
    'type',
    'pattern',
    'format',
    'default',
    'minItems',
    'minLength',
    'maxLength',
    'minimum',
    'maximum',
    'required',
  ] as const) {
    if (JSON.stringify(theirs[fact]) !== JSON.stringify(ours[fact])) found.push(`${path}: ${fact}`);
  }
  if ((ours.maxItems ?? 0) < (theirs.maxItems ?? 0)) found.push(`${path}: maxItems`);
  if (theirs.enum?.some((value) => ours.enum?.includes(value) !== true)) found.push(`${path}: enum`);
  const children = Object.entries(theirs.properties ?? {}).flatMap(([name, child]) =>
    narrowed(child, ours.properties?.[name], `${path}.${name}`),
  );
  return [
    ...found,
    ...children,
    ...(theirs.items === undefined ? [] : narrowed(theirs.items, ours.items, `${path}[]`)),
  ];
}

const tls = (more: object) => ({
  type: 'ExternalHostname',
  port: { port: 443 },
  externalHostname: { hostname: 'api.example.com' },
  tls: more,
});
const validation = { hostname: 'api.example.com', wellKnownCACertificates: 'System' };

describe('Backend', () => {
  test.each<[string, object]>([
    ['ExternalHostname', tls({ mode: 'ServerOnly', validation })],
    ['Service', { type: 'Service', service: { name: 'a' }, port: { port: 80 } }],
    [
      'Static',
      {
        type: 'Static',
        static: {
          endpoints: [
            { address: '192.0.2.1', port: 80 },
            { address: '2001:db8::1', port: 81, weight: 0 },
          ],
        },
      },
    ],
    ['UnixSocket', { type: 'UnixSocket', unixSocket: { path: '/run/app.sock' } }],
  ])('of type %s is accepted', (_type, spec) => {
    expect(specOf('Backend', spec)).toMatchObject({ ...spec, protocol: 'HTTP' });
  });

  test('a static endpoint has weight 1', () => {
    const spec = { type: 'Static', static: { endpoints: [{ address: '192.0.2.1', port: 80 }] } };
    expect(specOf('Backend', spec)).toMatchObject({ static: { endpoints: [{ weight: 1 }] } });
  });

  test.each<[string, object, readonly string[]]>([
    ['no type', {}, ['spec.type']],
    ['no member', { type: 'Static' }, ['spec.static']],
    [
      'a member of another type',
      { type: 'Static', static: { endpoints: [{ address: '192.0.2.1', port: 1 }] }, service: { name: 'a' } },
      ['spec.service'],
    ],
    ['no port', { type: 'Service', service: { name: 'a' } }, ['spec.port']],
    ['a port of a socket', { type: 'UnixSocket', unixSocket: { path: '/a' }, port: { port: 1 } }, ['spec.port']],
    ['a relative socket', { type: 'UnixSocket', unixSocket: { path: 'a' } }, ['spec.unixSocket.path']],
    ['no endpoints', { type: 'Static', static: { endpoints: [] } }, ['spec.static.endpoints']],
    [
      'a bad address',
      { type: 'Static', static: { endpoints: [{ address: '1.2.3.400', port: 1 }] } },
      ['spec.static.endpoints[0].address'],
    ],
    [
      'an address as hostname',
      { ...tls({ mode: 'None' }), externalHostname: { hostname: '192.0.2.1' } },
      ['spec.externalHostname.hostname'],
    ],
    [
      'a name of the cluster',
      { ...tls({ mode: 'None' }), externalHostname: { hostname: 'a.b.svc.cluster.local' } },
      ['spec.externalHostname.hostname'],
    ],
    ['TLS without validation', tls({ mode: 'ServerOnly' }), ['spec.tls.validation']],
    ['validation without TLS', tls({ mode: 'None', validation }), ['spec.tls.validation']],
    ['no client certificate', tls({ mode: 'ClientAndServer', validation }), ['spec.tls.clientCertificateRef']],
    ['no CA', tls({ mode: 'ServerOnly', validation: { hostname: 'a.b' } }), ['spec.tls.validation']],
    [
      'two CAs',
      tls({ mode: 'ServerOnly', validation: { ...validation, caCertificateRefs: [{ kind: 'ConfigMap', name: 'a' }] } }),
      ['spec.tls.validation'],
    ],
    [
      'a SAN of the other type',
      tls({ mode: 'ServerOnly', validation: { ...validation, subjectAltNames: [{ type: 'URI', hostname: 'a.b' }] } }),
      ['spec.tls.validation.subjectAltNames[0].hostname', 'spec.tls.validation.subjectAltNames[0].uri'],
    ],
    [
      'HTTP2, which this release does not speak to backends',
      { ...tls({ mode: 'None' }), protocol: 'HTTP2' },
      ['spec.protocol'],
    ],
  ])('with %s is refused', (_name, spec, paths) => {
    expect(pathsOf('Backend', spec).toSorted()).toEqual(paths);
  });
});

describe('GatewayClassConfig', () => {
  test('may be empty', () => {
    expect(specOf('GatewayClassConfig', {})).toEqual({});
  });

  test('has the defaults of an Ingress once there is an ingress part', () => {
    expect(specOf('GatewayClassConfig', { ingress: {} })).toEqual({
      ingress: { sslRedirect: 'WhenTLS', unsupportedAnnotations: 'RejectSecurity' },
    });
  });

  test.each<[string, object, string]>([
    ['a CIDR that is too long', { egress: { deniedCIDRs: ['10.0.0.0/33'] } }, 'spec.egress.deniedCIDRs[0]'],
    [
      'an address for a CIDR',
      { dataPlane: { client: { trustedCIDRs: ['10.0.0.1'] } } },
      'spec.dataPlane.client.trustedCIDRs[0]',
    ],
    ['a size with a wrong unit', { dataPlane: { limits: { bodySize: '10MB' } } }, 'spec.dataPlane.limits.bodySize'],
    ['a number for a size', { dataPlane: { limits: { bodySize: 1024 } } }, 'spec.dataPlane.limits.bodySize'],
    ['No, which YAML reads as false', { ingress: { sslRedirect: false } }, 'spec.ingress.sslRedirect'],
    [
      'a default without what it needs',
      { defaults: { policies: { authentication: {} } } },
      'spec.defaults.policies.authentication.methods',
    ],
    ['a Service without an address', { service: { type: 'ExternalName' } }, 'spec.service.type'],
    ['an override of no field', { gatewayMayOverride: ['HostNetwork'] }, 'spec.gatewayMayOverride[0]'],
  ])('with %s is refused', (_name, spec, path) => {
    expect(pathsOf('GatewayClassConfig', spec)).toEqual([path]);
  });
});
