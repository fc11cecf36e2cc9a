/** Every CEL rule of the CRDs of HTTPRoute and Gateway has a check of ours: for each message, an object that breaks that rule alone. */
import { describe, expect, test } from '@jest/globals';
import { SCHEMAS } from './schemas.ts';
import type { StructuralSchema } from './structural.ts';
import { validateObject } from './validate.ts';

type Case = readonly [message: string, spec: unknown, path: string];

const rule = (more: object) => ({ rules: [more] });
const filter = (more: object) => rule({ filters: [more] });
const path = (value: string) => rule({ matches: [{ path: { type: 'Exact', value } }] });
const backendRef = { name: 'a', port: 80 };
const prefixRedirect = {
  type: 'RequestRedirect',
  requestRedirect: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } },
};
const prefixRewrite = {
  type: 'URLRewrite',
  urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } },
};
const exact = [{ path: { type: 'Exact', value: '/a' } }];
const headers = { set: [{ name: 'a', value: 'b' }] };
const cors = { type: 'CORS', cors: {} };
const auth = (more: object) => filter({ type: 'ExternalAuth', externalAuth: { backendRef, ...more } });
const rewritePath = (more: object) => filter({ type: 'URLRewrite', urlRewrite: { path: more } });
const types = {
  cors: {},
  requestHeaderModifier: headers,
  responseHeaderModifier: headers,
  requestMirror: { backendRef },
  requestRedirect: {},
  urlRewrite: {},
  extensionRef: { group: 'a.b', kind: 'C', name: 'd' },
  externalAuth: { protocol: 'HTTP', backendRef, http: {} },
} as const;
const typeOf = (member: string) =>
  member === 'cors' ? 'CORS' : member === 'urlRewrite' ? 'URLRewrite' : member[0]!.toUpperCase() + member.slice(1);

const HTTP_ROUTE: readonly Case[] = [
  [
    'sectionName or port must be specified when parentRefs includes 2 or more references to the same parent',
    { parentRefs: [{ name: 'a', sectionName: 'x' }, { name: 'a' }] },
    'spec.parentRefs[1]',
  ],
  [
    'sectionName or port must be unique when parentRefs includes 2 or more references to the same parent',
    {
      parentRefs: [
        { name: 'a', sectionName: 'x' },
        { name: 'a', sectionName: 'x' },
      ],
    },
    'spec.parentRefs[1]',
  ],
  [
    'While 16 rules and 64 matches per rule are allowed, the total number of matches across all rules in a route must be less than 128',
    { rules: Array.from({ length: 3 }, () => ({ matches: Array.from({ length: 43 }, () => ({})) })) },
    'spec.rules',
  ],
  ['Rule name must be unique within the route', { rules: [{ name: 'a' }, { name: 'a' }] }, 'spec.rules[1].name'],
  [
    'RequestRedirect filter must not be used together with backendRefs',
    rule({ filters: [{ type: 'RequestRedirect', requestRedirect: {} }], backendRefs: [backendRef] }),
    'spec.rules[0].backendRefs',
  ],
  [
    'When using RequestRedirect filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified',
    rule({ filters: [prefixRedirect], matches: exact }),
    'spec.rules[0].filters[0].requestRedirect.path.type',
  ],
  [
    'When using URLRewrite filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified',
    rule({ filters: [prefixRewrite], matches: [{}, {}] }),
    'spec.rules[0].filters[0].urlRewrite.path.type',
  ],
  [
    'Within backendRefs, when using RequestRedirect filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified',
    rule({ backendRefs: [{ ...backendRef, filters: [prefixRedirect] }], matches: exact }),
    'spec.rules[0].backendRefs[0].filters[0].requestRedirect.path.type',
  ],
  [
    'Within backendRefs, When using URLRewrite filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified',
    rule({ backendRefs: [{ ...backendRef, filters: [prefixRewrite] }], matches: exact }),
    'spec.rules[0].backendRefs[0].filters[0].urlRewrite.path.type',
  ],
  ['Must have port for Service reference', rule({ backendRefs: [{ name: 'a' }] }), 'spec.rules[0].backendRefs[0].port'],
  [
    'May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, but not both',
    rule({
      filters: [
        { type: 'RequestRedirect', requestRedirect: {} },
        { type: 'URLRewrite', urlRewrite: {} },
      ],
    }),
    'spec.rules[0].filters',
  ],
  ['CORS filter cannot be repeated', rule({ filters: [cors, cors] }), 'spec.rules[0].filters[1]'],
  ...(['requestHeaderModifier', 'responseHeaderModifier', 'requestRedirect', 'urlRewrite'] as const).map(
    (member): Case => {
      const once = { type: typeOf(member), [member]: types[member] };
      return [
        `${typeOf(member)} filter cannot be repeated`,
        rule({ filters: [once, once] }),
        'spec.rules[0].filters[1]',
      ];
    },
  ),
  ...Object.entries(types).flatMap(([member, value]): Case[] => {
    const other = member === 'cors' ? { type: 'URLRewrite', urlRewrite: {} } : cors;
    const at = `spec.rules[0].filters[0].${member}`;
    return [
      [
        `filter.${member} must be nil if the filter.type is not ${typeOf(member)}`,
        filter({ ...other, [member]: value }),
        at,
      ],
      [`filter.${member} must be specified for ${typeOf(member)} filter.type`, filter({ type: typeOf(member) }), at],
    ];
  }),
  [
    "AllowHeaders cannot contain '*' alongside other methods",
    filter({ type: 'CORS', cors: { allowHeaders: ['*', 'a'] } }),
    'spec.rules[0].filters[0].cors.allowHeaders',
  ],
  [
    "AllowMethods cannot contain '*' alongside other methods",
    filter({ type: 'CORS', cors: { allowMethods: ['*', 'GET'] } }),
    'spec.rules[0].filters[0].cors.allowMethods',
  ],
  [
    "AllowOrigins cannot contain '*' alongside other origins",
    filter({ type: 'CORS', cors: { allowOrigins: ['*', 'http://a'] } }),
    'spec.rules[0].filters[0].cors.allowOrigins',
  ],
  [
    "grpc must be specified when protocol is set to 'GRPC'",
    auth({ protocol: 'GRPC' }),
    'spec.rules[0].filters[0].externalAuth.grpc',
  ],
  [
    "protocol must be 'GRPC' when grpc is set",
    auth({ protocol: 'HTTP', http: {}, grpc: {} }),
    'spec.rules[0].filters[0].externalAuth.grpc',
  ],
  [
    "http must be specified when protocol is set to 'HTTP'",
    auth({ protocol: 'HTTP' }),
    'spec.rules[0].filters[0].externalAuth.http',
  ],
  [
    "protocol must be 'HTTP' when http is set",
    auth({ protocol: 'GRPC', grpc: {}, http: {} }),
    'spec.rules[0].filters[0].externalAuth.http',
  ],
  [
    'Only one of percent or fraction may be specified in HTTPRequestMirrorFilter',
    filter({ type: 'RequestMirror', requestMirror: { backendRef, percent: 1, fraction: { numerator: 1 } } }),
    'spec.rules[0].filters[0].requestMirror.fraction',
  ],
  [
    'numerator must be less than or equal to denominator',
    filter({ type: 'RequestMirror', requestMirror: { backendRef, fraction: { numerator: 101 } } }),
    'spec.rules[0].filters[0].requestMirror.fraction.numerator',
  ],
  [
    "replaceFullPath must be specified when type is set to 'ReplaceFullPath'",
    rewritePath({ type: 'ReplaceFullPath' }),
    'spec.rules[0].filters[0].urlRewrite.path.replaceFullPath',
  ],
  [
    "type must be 'ReplaceFullPath' when replaceFullPath is set",
    rewritePath({ type: 'ReplacePrefixMatch', replacePrefixMatch: '/', replaceFullPath: '/' }),
    'spec.rules[0].filters[0].urlRewrite.path.replaceFullPath',
  ],
  [
    "replacePrefixMatch must be specified when type is set to 'ReplacePrefixMatch'",
    rewritePath({ type: 'ReplacePrefixMatch' }),
    'spec.rules[0].filters[0].urlRewrite.path.replacePrefixMatch',
  ],
  [
    "type must be 'ReplacePrefixMatch' when replacePrefixMatch is set",
    rewritePath({ type: 'ReplaceFullPath', replacePrefixMatch: '/', replaceFullPath: '/' }),
    'spec.rules[0].filters[0].urlRewrite.path.replacePrefixMatch',
  ],
  ...(
    [
      ["value must be an absolute path and start with '/' when type one of ['Exact', 'PathPrefix']", 'a'],
      ["must not contain '//' when type one of ['Exact', 'PathPrefix']", '/a//b'],
      ["must not contain '/./' when type one of ['Exact', 'PathPrefix']", '/a/./b'],
      ["must not contain '/../' when type one of ['Exact', 'PathPrefix']", '/a/../b'],
      ["must not contain '%2f' when type one of ['Exact', 'PathPrefix']", '/a%2fb'],
      ["must not contain '%2F' when type one of ['Exact', 'PathPrefix']", '/a%2Fb'],
      ["must not contain '#' when type one of ['Exact', 'PathPrefix']", '/a#b'],
      ["must not end with '/..' when type one of ['Exact', 'PathPrefix']", '/a/..'],
      ["must not end with '/.' when type one of ['Exact', 'PathPrefix']", '/a/.'],
      [
        "must only contain valid characters (matching ^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$) for types ['Exact', 'PathPrefix']",
        '/a b',
      ],
    ] as const
  ).map(([message, value]): Case => [message, path(value), 'spec.rules[0].matches[0].path.value']),
  [
    "type must be one of ['Exact', 'PathPrefix', 'RegularExpression']",
    rule({ matches: [{ path: { type: 'Glob' } }] }),
    'spec.rules[0].matches[0].path.type',
  ],
  [
    'AbsoluteTimeout must be specified when cookie lifetimeType is Permanent',
    rule({ sessionPersistence: { cookieConfig: { lifetimeType: 'Permanent' } } }),
    'spec.rules[0].sessionPersistence.absoluteTimeout',
  ],
  [
    'cookieConfig can only be set with type Cookie',
    rule({ sessionPersistence: { type: 'Header', cookieConfig: {} } }),
    'spec.rules[0].sessionPersistence.cookieConfig',
  ],
  [
    'backendRequest timeout cannot be longer than request timeout',
    rule({ timeouts: { request: '1s', backendRequest: '1001ms' } }),
    'spec.rules[0].timeouts.backendRequest',
  ],
];

const listener = { name: 'a', port: 80, protocol: 'HTTP' };
const gateway = (more: object, rest: object = {}) => ({
  gatewayClassName: 'c',
  listeners: [{ ...listener, ...more }],
  ...rest,
});
const secret = { certificateRefs: [{ name: 's' }] };
const twice = (more: object) => ({ gatewayClassName: 'c', listeners: [listener, { ...listener, ...more }] });
const caRefs = { validation: { caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'ca' }] } };
const longPrefix = `${'a'.repeat(254)}/b`;

const GATEWAY: readonly Case[] = [
  [
    'IPAddress values must be unique',
    gateway({}, { addresses: [{ value: '192.0.2.1' }, { value: '192.0.2.1' }] }),
    'spec.addresses[1].value',
  ],
  [
    'Hostname values must be unique',
    gateway(
      {},
      {
        addresses: [
          { type: 'Hostname', value: 'a.b' },
          { type: 'Hostname', value: 'a.b' },
        ],
      },
    ),
    'spec.addresses[1].value',
  ],
  [
    'Hostname value must be empty or contain only valid characters (matching ^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)',
    gateway({}, { addresses: [{ type: 'Hostname', value: 'A.b' }] }),
    'spec.addresses[0].value',
  ],
  ...(['annotation', 'label'] as const).flatMap((word): Case[] => {
    const keys = (key: string) => gateway({}, { infrastructure: { [`${word}s`]: { [key]: 'x' } } });
    const name = word[0]!.toUpperCase() + word.slice(1);
    return [
      [
        `${name} keys must be in the form of an optional DNS subdomain prefix followed by a required name segment of up to 63 characters.`,
        keys('a b'),
        `spec.infrastructure.${word}s["a b"]`,
      ],
      [
        `If specified, the ${word} key's prefix must be a DNS subdomain not longer than 253 characters in total.`,
        keys(longPrefix),
        `spec.infrastructure.${word}s["${longPrefix.slice(0, 77)}…"]`,
      ],
    ];
  }),
  ["tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']", gateway({ tls: secret }), 'spec.listeners[0].tls'],
  [
    'tls mode must be Terminate for protocol HTTPS',
    gateway({ protocol: 'HTTPS', tls: { mode: 'Passthrough' } }),
    'spec.listeners[0].tls.mode',
  ],
  ['tls mode must be set for protocol TLS', gateway({ protocol: 'TLS' }), 'spec.listeners[0].tls'],
  [
    "hostname must not be specified for protocols ['TCP', 'UDP']",
    gateway({ protocol: 'TCP', hostname: 'a.b' }),
    'spec.listeners[0].hostname',
  ],
  ['Listener name must be unique within the Gateway', twice({ port: 81 }), 'spec.listeners[1]'],
  [
    'Combination of port, protocol and hostname must be unique for each listener',
    twice({ name: 'b' }),
    'spec.listeners[1]',
  ],
  [
    'certificateRefs or options must be specified when mode is Terminate',
    gateway({ protocol: 'HTTPS', tls: {} }),
    'spec.listeners[0].tls.certificateRefs',
  ],
  [
    'Port for TLS configuration must be unique within the Gateway',
    gateway(
      {},
      {
        tls: {
          frontend: {
            default: {},
            perPort: [
              { port: 443, tls: caRefs },
              { port: 443, tls: caRefs },
            ],
          },
        },
      },
    ),
    'spec.tls.frontend.perPort[1]',
  ],
];

describe.each([
  ['HTTPRoute', HTTP_ROUTE],
  ['Gateway', GATEWAY],
] as const)('%s', (kind, cases) => {
  test.each(cases)('%s', (_message, spec, path) => {
    const raw = { apiVersion: 'gateway.networking.k8s.io/v1', kind, metadata: { name: 'x' }, spec };
    const result = validateObject(raw);
    expect('problems' in result && result.problems.map((problem) => problem.path)).toEqual([path]);
  });

  test('no rule of the CRD is forgotten', () => {
    expect(new Set(cases.map(([message]) => message))).toEqual(messagesOf(SCHEMAS[kind]));
  });
});

function messagesOf(schema: StructuralSchema): Set<string> {
  const own = (schema['x-kubernetes-validations'] ?? []).map((rule) => rule.message);
  const children = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
  return new Set([...own, ...children.flatMap((child) => (child === undefined ? [] : [...messagesOf(child)]))]);
}
