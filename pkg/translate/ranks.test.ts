/** Who has the last word, with the objects that users write: every pair of levels at one rule of one route. */
import { describe, expect, test } from '@jest/globals';
import { type InForce, inForce } from '../testkit/in-force.ts';

/** From the weakest to the strongest, `api-shapes.md`, rank. */
const onGateway = [
  'class',
  'gateway',
  'listener',
  'route',
  'rule',
  'extension',
  'inline',
  'own',
  'over-listener',
  'over-gateway',
] as const;
const inSet = [
  'class',
  'gateway',
  'set',
  'set-listener',
  'route',
  'rule',
  'extension',
  'inline',
  'own',
  'over-set-listener',
  'over-set',
  'over-gateway',
] as const;
type Place = (typeof onGateway | typeof inSet)[number];

const gatewayApi = 'gateway.networking.k8s.io';
const targets: Readonly<Partial<Record<Place, string>>> = {
  gateway: `group: ${gatewayApi}, kind: Gateway, name: public`,
  listener: `group: ${gatewayApi}, kind: Gateway, name: public, sectionName: web`,
  set: `group: ${gatewayApi}, kind: ListenerSet, name: set`,
  'set-listener': `group: ${gatewayApi}, kind: ListenerSet, name: set, sectionName: web`,
  route: 'group: gateway.suuupra.io, kind: GatewayRoute, name: orders',
  rule: 'group: gateway.suuupra.io, kind: GatewayRoute, name: orders, sectionName: all',
};

/** @param says what each level says of `cors`; `Enforce` names the level as origin */
function estate(parent: 'Gateway' | 'ListenerSet', says: ReadonlyMap<Place, 'Enforce' | 'Disabled'>): InForce {
  const block = (place: Place): string =>
    says.get(place) === 'Disabled'
      ? 'policies: { cors: { mode: Disabled } }'
      : `policies: { cors: { allowOrigins: ["https://${place}.test"] } }`;
  const policies = [...says.keys()].flatMap((place) => {
    const target = targets[place.replace('over-', '') as Place];
    if (target === undefined && place !== 'extension') return [];
    const where = target === undefined ? '' : `targetRefs: [{ ${target} }], `;
    const strategy = place.startsWith('over-') ? 'strategy: Overrides, ' : '';
    return [
      `apiVersion: gateway.suuupra.io/v1alpha1\nkind: GatewayPolicy\nmetadata: { name: ${place}, namespace: shop }\nspec: { ${strategy}${where}${block(place)} }\n`,
    ];
  });
  const filters = [
    ...(says.has('extension')
      ? ['{ type: ExtensionRef, extensionRef: { group: gateway.suuupra.io, kind: GatewayPolicy, name: extension } }']
      : []),
    ...(says.has('own') ? ['{ type: CORS, cors: { allowOrigins: ["https://own.test"] } }'] : []),
  ];
  const defaults = says.has('class') ? `defaults: { ${block('class')} }` : '';
  return inForce(
    [
      `apiVersion: ${gatewayApi}/v1
kind: GatewayClass
metadata: { name: suuupra }
spec: { controllerName: gateway.suuupra.io/controller, parametersRef: { group: gateway.suuupra.io, kind: GatewayClassConfig, namespace: shop, name: class } }
`,
      `apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayClassConfig
metadata: { name: class, namespace: shop }
spec: { ${defaults} }
`,
      `apiVersion: ${gatewayApi}/v1
kind: Gateway
metadata: { name: public, namespace: shop }
spec:
  gatewayClassName: suuupra
  allowedListeners: { namespaces: { from: All } }
  listeners: [{ name: web, port: 80, protocol: HTTP }]
`,
      `apiVersion: ${gatewayApi}/v1
kind: ListenerSet
metadata: { name: set, namespace: shop }
spec: { parentRef: { name: public }, listeners: [{ name: web, port: 81, protocol: HTTP }] }
`,
      `apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayRoute
metadata: { name: orders, namespace: shop }
spec:
  parentRefs: [{ kind: ${parent}, name: ${parent === 'Gateway' ? 'public' : 'set'} }]
  rules:
    - name: all
      filters: [${filters.join(', ')}]
      ${says.has('inline') ? block('inline') : ''}
      backendRefs: [{ name: orders, port: 80 }]
`,
      'apiVersion: v1\nkind: Service\nmetadata: { name: orders, namespace: shop }\nspec: { ports: [{ port: 80 }] }\n',
      ...policies,
    ].join('---\n'),
  );
}

/** Whose origins are let in; `''`: nobody's, since the key is off. */
function winner({ ir }: InForce): string {
  const { filters = [] } = ir.routes['GatewayRoute/shop/orders']?.rules[0] ?? {};
  const found = filters.map((id) => ir.filters[id]).filter((filter) => filter?.kind === 'cors');
  expect(found.length).toBeLessThan(2);
  return /https:\/\/([a-z-]+)\.test/.exec(JSON.stringify(found))?.[1] ?? '';
}

describe.each([
  ['Gateway', onGateway],
  ['ListenerSet', inSet],
] as const)('on a %s', (parent, places: readonly Place[]) => {
  const pairs = places.flatMap((weak, i) => places.slice(i + 1).map((strong) => [weak, strong] as const));

  test.each(pairs)('%s gives way to %s', (weak, strong) => {
    expect(
      winner(
        estate(
          parent,
          new Map([
            [weak, 'Enforce'],
            [strong, 'Enforce'],
          ]),
        ),
      ),
    ).toBe(strong);
    // A filter of the route is there, or it is not.
    const off = strong === 'own' ? strong : '';
    expect(
      winner(
        estate(
          parent,
          new Map([
            [weak, 'Enforce'],
            [strong, 'Disabled'],
          ]),
        ),
      ),
    ).toBe(off);
  });

  test('each alone is in force', () => {
    for (const place of places) expect(winner(estate(parent, new Map([[place, 'Enforce']])))).toBe(place);
  });

  test('all at once are told, from the weakest to the strongest', () => {
    const { origins } = estate(parent, new Map(places.map((place) => [place, 'Enforce'])));
    const told = origins('GatewayRoute/shop/orders');
    expect(told).toHaveLength(places.length);
    expect(told.at(-1)).toBe('cors Enforced GatewayPolicy shop/over-gateway');
    for (const line of told.slice(0, -1)) expect(line).toMatch(/ Overridden .* by GatewayPolicy shop\/over-gateway$/);
  });
});
