import { describe, expect, test } from '@jest/globals';
import type { GatewayPolicy } from '../api/gatewaypolicy.ts';
import type { GatewayRouteFilter } from '../api/gatewayroute.ts';
import { validateObject } from '../api/validate.ts';
import type { Filter } from '../ir/filter.ts';
import { testPolicyContext } from '../testkit/policy-context.ts';
import { createFilter } from './filters.ts';
import { inertFilterEnv } from './inert-env.ts';
import { type FilterKey, filterOrder, placeOf } from './order.ts';
import { isProblems } from './translated.ts';
import { type FilterTranslation, translateFilters, translatePolicy } from './translators.ts';

const context = testPolicyContext({ services: ['a', 'b'], secrets: { 'keys/a': 'k'.repeat(32) } });

const cors: GatewayRouteFilter = { type: 'CORS', cors: { allowOrigins: ['*'], maxAge: 5 } };
const redirect: GatewayRouteFilter = { type: 'RequestRedirect', requestRedirect: { statusCode: 302 } };
const rewrite: GatewayRouteFilter = { type: 'URLRewrite', urlRewrite: { hostname: 'a.test' } };
const direct: GatewayRouteFilter = { type: 'DirectResponse', directResponse: { statusCode: 200 } };
const requestHeaders: GatewayRouteFilter = {
  type: 'RequestHeaderModifier',
  requestHeaderModifier: { remove: ['x-a'] },
};
const responseHeaders: GatewayRouteFilter = {
  type: 'ResponseHeaderModifier',
  responseHeaderModifier: { remove: ['x-a'] },
};
const externalAuth: GatewayRouteFilter = {
  type: 'ExternalAuth',
  externalAuth: { protocol: 'HTTP', backendRef: { group: '', kind: 'Service', name: 'a', port: 80 }, http: {} },
};
const mirror = (name: string): GatewayRouteFilter => ({
  type: 'RequestMirror',
  requestMirror: { backendRef: { group: '', kind: 'Service', name, port: 80 } },
});

/** What can be asked for by a policy only. A new key gives its smallest block here. */
const blocks: Readonly<Record<string, object>> = {
  securityHeaders: { preset: 'Basic', override: false },
  signedURLs: { keys: [{ id: 'a', algorithm: 'HMACSHA256', secretRef: { name: 'keys', key: 'a' } }] },
  csrf: { allowSameSite: false },
  requestLimits: { bodySize: '1Mi' },
  ipAccess: { allow: ['10.0.0.0/8'] },
  authorization: { rules: [{ name: 'admins', scopes: ['admin'] }] },
  responseOverrides: {
    rules: [{ statuses: [404], from: 'Any', type: 'Redirect', redirect: { url: '/', statusCode: 302 } }],
  },
  validation: { schema: { type: 'Inline', inline: 'true' }, allowEmpty: false },
  compression: { credentialed: 'Skip' },
  transform: { request: { headers: { remove: ['x-a'] } } },
  authentication: { methods: [{ name: 'corp', type: 'JWT', jwt: { remoteJWKS: { uri: 'https://login.test/keys' } } }] },
};

describe('translateFilters', () => {
  test('gives one filter of each kind, in the order they run', () => {
    const { filters } = translated([mirror('a'), rewrite, requestHeaders, responseHeaders, mirror('b'), cors]);
    expect(filters.map(({ kind }) => kind)).toEqual(['cors', 'responseHeaders', 'requestHeaders', 'rewrite', 'mirror']);
    expect(filters.at(-1)).toMatchObject({
      config: { mirrors: [{ cluster: 'Service/shop/a:80' }, { cluster: 'Service/shop/b:80' }] },
    });
  });

  test('drops a mirror that does not resolve and keeps the rule', () => {
    const { filters, unresolved } = translated([mirror('missing'), mirror('b')]);
    expect(filters).toMatchObject([{ config: { mirrors: [{ cluster: 'Service/shop/b:80' }] } }]);
    expect(unresolved).toMatchObject([{ path: 'spec.rules[0].filters[0].requestMirror.backendRef' }]);
  });

  test.each<[string, readonly GatewayRouteFilter[], string, string]>([
    ['URLRewrite with RequestRedirect', [redirect, rewrite], 'spec.rules[0].filters', 'IncompatibleFilters'],
    ['DirectResponse with RequestRedirect', [redirect, direct], 'spec.rules[0].filters', 'IncompatibleFilters'],
    ['the same type twice', [cors, cors], 'spec.rules[0].filters[1]', 'IncompatibleFilters'],
    [
      'ExtensionRef',
      [{ type: 'ExtensionRef', extensionRef: { group: 'a.test', kind: 'A', name: 'a' } }],
      'spec.rules[0].filters[0].type',
      'UnsupportedValue',
    ],
  ])('refuses %s', (_, filters, path, reason) => {
    expect(translateFilters(filters, 'spec.rules[0].filters', context)).toEqual([
      expect.objectContaining({ path, reason }),
    ]);
  });

  test('tells every problem at once', () => {
    const bad: GatewayRouteFilter = { type: 'CORS', cors: { allowOrigins: ['a', 'b'], maxAge: 5 } };
    expect(translateFilters([bad, rewrite, redirect], 'f', context)).toHaveLength(3);
  });
});

describe('the registries', () => {
  const every: readonly Filter[] = [
    ...translated([mirror('a'), rewrite, requestHeaders, responseHeaders, cors, direct, externalAuth]).filters,
    ...translated([redirect]).filters,
    ...policyFilters(),
  ];

  test('know every kind, and its place', () => {
    expect(new Set(every.map(({ kind }) => kind))).toEqual(new Set(filterOrder));
    for (const kind of filterOrder) expect(placeOf(kind).reason).not.toBe('');
  });

  test.each(every.map((filter) => [filter.kind, filter] as const))('make a %s filter of its JSON', (_, filter) => {
    const made = createFilter(JSON.parse(JSON.stringify(filter)) as Filter, inertFilterEnv());
    expect(made.onRequest ?? made.onResponse).toBeDefined();
  });
});

function policyFilters(): readonly Filter[] {
  return Object.entries(blocks).map(([key, spec]) => {
    const [apiVersion, kind] = ['gateway.suuupra.io/v1alpha1', 'GatewayPolicy'];
    const result = validateObject({ apiVersion, kind, metadata: { name: 'p' }, spec: { policies: { [key]: spec } } });
    if (!('object' in result)) throw new Error(JSON.stringify(result));
    const { policies } = (result.object as GatewayPolicy).spec;
    const filter = translatePolicy(
      key as FilterKey,
      policies[key as FilterKey] as never,
      `spec.policies.${key}`,
      context,
    );
    if (isProblems(filter)) throw new Error(JSON.stringify(filter));
    return filter;
  });
}

function translated(filters: readonly GatewayRouteFilter[]): FilterTranslation {
  const result = translateFilters(filters, 'spec.rules[0].filters', context);
  if (isProblems(result)) throw new Error(JSON.stringify(result));
  return result;
}
