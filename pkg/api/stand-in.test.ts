import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { GatewayPolicy } from './gatewaypolicy.ts';
import { validateObject } from './validate.ts';

function standIn(spec: string): GatewayPolicy | undefined {
  const metadata = { name: 'guard', namespace: 'shop' };
  const result = validateObject({
    apiVersion: 'gateway.suuupra.io/v1alpha1',
    kind: 'GatewayPolicy',
    metadata,
    spec: parse(spec) as unknown,
  });
  if (!('problems' in result)) throw new Error('it can be read');
  return result.standIn as GatewayPolicy | undefined;
}

const target = '{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: orders }';

describe('a GatewayPolicy that cannot be read, and may protect something', () => {
  test.each([
    ['a misspelt field of a guard', '{ authentication: { methodz: [] } }'],
    ['a key that this release does not know', '{ cors: { allowOrigins: ["https://a.example"] }, passkeys: {} }'],
    ['a guard beside what is wrong', '{ cors: { allow: 1 }, ipAccess: { deny: ["10.0.0.0/8"] } }'],
    ['a guard whose mode is misspelt', '{ ipAccess: { mode: shadow } }'],
    ['a list', '[authentication]'],
    ['a text', 'authentication'],
    ['a misspelt block', 'null, polices: { ipAccess: { deny: ["10.0.0.0/8"] } }'],
  ])('%s: stands in with its targets, and says why', (_, policies) => {
    const found = standIn(`{ targetRefs: [${target}], policies: ${policies} }`);
    expect(found?.spec).toEqual({
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'orders' }],
      targetSelectors: [],
      strategy: 'Defaults',
      policies: {},
    });
    expect(found?.unread?.length).toBeGreaterThan(0);
    expect(found?.metadata).toMatchObject({ name: 'guard', namespace: 'shop' });
  });

  const guard = 'policies: { ipAccess: { deny: ["10.0.0.0/8"] } }';
  const route = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'orders' };
  test.each<[string, object]>([
    // Closed as a whole: which section was meant is not known.
    [
      `targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: orders, sectionNam: a }]`,
      { targetRefs: [route] },
    ],
    [
      `targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: orders, sectionName: 7 }]`,
      { targetRefs: [route] },
    ],
    [
      `targetRefs: [{ kind: HTTPRoute, name: orders, sectionName: a }]`,
      { targetRefs: [{ ...route, sectionName: 'a' }] },
    ],
    [`targetRefs: [${target}, { kind: Service, name: a }, 7, null]`, { targetRefs: [route] }],
    [`targetRefs: ${target}`, { targetRefs: [] }],
    [`strategy: Overrides, targetRefs: [${target}]`, { targetRefs: [route], strategy: 'Overrides' }],
    [
      `targetSelectors: [{ group: networking.k8s.io, kind: Ingress, matchLabels: { a: b, c: 7 } }]`,
      { targetSelectors: [{ group: 'networking.k8s.io', kind: 'Ingress', matchLabels: { a: 'b' } }] },
    ],
    // Without labels it would be everything.
    [`targetSelectors: [{ group: networking.k8s.io, kind: Ingress, labels: { a: b } }]`, { targetSelectors: [] }],
  ])('%s: of its targets everything that can be read', (targets, expected) => {
    expect(standIn(`{ ${targets}, ${guard} }`)?.spec).toMatchObject(expected);
  });
});

test.each([
  '{ cors: { allowOrigin: 1 } }',
  '{ authentication: { mode: Shadow, methodz: [] } }',
  '{ ipAccess: { mode: Disabled, alow: [] }, securityHeaders: {} }',
  '{}, strateg: Overrides',
])('policies %s: nothing is closed by what protects nothing', (policies) => {
  expect(standIn(`{ targetRefs: [${target}], policies: ${policies} }`)).toBeUndefined();
});

test('nothing else has a stand-in', () => {
  const metadata = { name: 'a', namespace: 'shop' };
  const route = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata, spec: { rulez: [] } };
  expect(Object.keys(validateObject(route))).toEqual(['problems']);
  const nameless = { apiVersion: 'gateway.suuupra.io/v1alpha1', kind: 'GatewayPolicy', spec: { policies: { x: {} } } };
  expect(Object.keys(validateObject(nameless))).toEqual(['problems']);
});
