/** Defaults of a class: what they come to stands in the status of the GatewayClassConfig, since nobody else has its mistakes. */
import { describe, expect, test } from '@jest/globals';
import { type InForce, inForce } from '../testkit/in-force.ts';
import { KeepFor } from './last-good.ts';
import { Memo } from './memo.ts';

const jwt =
  'authentication: { methods: [{ name: corp, type: JWT, jwt: { algorithms: [HS256], sharedSecret: { name: jwt, key: secret } } }] }';
const list = 'ipAccess: { listRef: { name: blocked, key: list } }';
const secret = `---
apiVersion: v1
kind: Secret
metadata: { name: jwt, namespace: infra }
stringData: { secret: "a secret of thirty-two bytes, no less" }
`;

function estate(defaults: string, more = '', meta = '', spec = ''): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: suuupra }
spec: { controllerName: gateway.suuupra.io/controller, parametersRef: { group: gateway.suuupra.io, kind: GatewayClassConfig, namespace: infra, name: config } }
---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayClassConfig
metadata: { name: config, namespace: infra, ${meta} }
spec: { defaults: { policies: { ${defaults} } }, ${spec} }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public, namespace: infra }
spec: { gatewayClassName: suuupra, listeners: [{ name: http, port: 80, protocol: HTTP }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: orders, namespace: infra }
spec: { parentRefs: [{ name: public }], rules: [{ backendRefs: [{ name: orders, port: 80 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: orders, namespace: infra }
spec: { ports: [{ port: 80 }] }
${more}`;
}

const own = 'HTTPRoute/infra/orders';
const conditions = ({ condition }: InForce): readonly (string | undefined)[] =>
  ['Accepted', 'ResolvedRefs', 'Enforced'].map((type) => condition('GatewayClassConfig', 'config', type));
const keysOf = ({ statuses }: InForce): unknown =>
  statuses.find(({ ref }) => ref.kind === 'GatewayClassConfig')?.status['keys'];

describe('that', () => {
  test('are good: in force, and told', () => {
    const found = inForce(estate(`${jwt}, cors: { allowOrigins: ["https://a.test"] }`, secret));
    expect(found.action(own)).toBe('forward');
    expect(conditions(found)).toEqual(['True Accepted', 'True ResolvedRefs', 'True Enforced']);
    expect(keysOf(found)).toMatchObject([
      { key: 'cors', state: 'Enforced', message: 'in force on 1 rule' },
      { key: 'authentication', state: 'Enforced' },
    ]);
    expect(found.problems('GatewayClassConfig', 'config')).toEqual([]);
  });

  test('lack a reference close every rule, and say which key, where and why', () => {
    const found = inForce(estate(`${jwt}, ${list}, cors: { allowOrigins: ["https://a.test"] }`, secret));
    expect([found.action(own), found.filters(own)]).toEqual(['500 policy-invalid', ['cors']]);
    expect(conditions(found)).toEqual(['True Accepted', 'False RefNotFound', 'False FailedClosed']);
    expect(found.problems('GatewayClassConfig', 'config')).toEqual([
      'spec.defaults.policies.ipAccess.listRef RefNotFound',
    ]);
    expect(keysOf(found)).toMatchObject([
      {
        key: 'ipAccess',
        state: 'FailedClosed',
        reason: 'RefNotFound',
        message: expect.stringMatching(
          /^spec\.defaults\.policies\.ipAccess\.listRef: ConfigMap infra\/blocked .*answer 500$/,
        ),
      },
      { key: 'cors', state: 'Enforced' },
      { key: 'authentication', state: 'Enforced' },
    ]);
  });

  test('never can be built are not accepted', () => {
    const found = inForce(estate('authentication: { methods: [{ name: corp, type: JWT }] }'));
    expect(found.action(own)).toBe('500 policy-invalid');
    expect(conditions(found)).toEqual(['False Invalid', 'True ResolvedRefs', 'False FailedClosed']);
    expect(found.problems('GatewayClassConfig', 'config')).toEqual([
      'spec.defaults.policies.authentication.methods[0].jwt UnsupportedValue',
    ]);
  });

  test('protect nothing and cannot be built are left out, and told', () => {
    const found = inForce(
      estate(
        'responseOverrides: { rules: [{ type: Response, statuses: [5xx], response: { bodyRef: { name: page, key: html } } }] }',
      ),
    );
    expect([found.action(own), found.filters(own)]).toEqual(['forward', []]);
    expect(conditions(found)).toEqual(['True Accepted', 'False RefNotFound', 'False PartiallyEnforced']);
    expect(found.problems('GatewayClassConfig', 'config')).toHaveLength(1);
  });

  test('somebody nearer overrides say by whom', () => {
    const policy = `---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: mine, namespace: infra }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: orders }]
  policies: { cors: { mode: Disabled } }
`;
    const found = inForce(estate('cors: { allowOrigins: ["https://a.test"] }', policy));
    expect(keysOf(found)).toMatchObject([
      {
        key: 'cors',
        state: 'Overridden',
        reason: 'OverriddenBelow',
        message: 'in force nowhere: rule 0 of HTTPRoute infra/orders (mode: Disabled in GatewayPolicy infra/mine)',
      },
    ]);
    // It is what defaults are for: no mistake of anybody's.
    expect(found.problems('GatewayClassConfig', 'config')).toEqual([]);
  });

  test('hold nowhere yet wait for routes', () => {
    const found = inForce(
      estate(jwt, secret)
        .replaceAll('name: public', 'name: elsewhere')
        .replace('parentRefs: [{ name: elsewhere', 'parentRefs: [{ name: public'),
    );
    expect(conditions(found)).toEqual(['True Accepted', 'True ResolvedRefs', 'Unknown NoRoutes']);
  });

  test('are none leave the status as it is', () => {
    const found = inForce(estate('').replace('defaults: { policies: {  } }, ', ''));
    expect(conditions(found)).toEqual(['True Accepted', undefined, undefined]);
    expect(keysOf(found)).toBeUndefined();
  });
});

describe('the last good value of a class', () => {
  const at = (memo: Memo, now: number, text: string): InForce => inForce(text, memo, now);

  test('serves while a Secret is gone, says until when, and ends', () => {
    const memo = new Memo();
    const good = at(memo, 1_000, estate(jwt, secret));
    const kept = at(memo, 2_000, estate(jwt));
    expect([kept.action(own), kept.ir.filters, kept.ir.secrets]).toEqual(['forward', good.ir.filters, good.ir.secrets]);
    expect(conditions(kept)).toEqual(['True Accepted', 'False LastGoodKept', 'True Enforced']);
    expect(kept.problems('GatewayClassConfig', 'config')).toEqual(['spec.defaults.policies LastGoodKept']);
    expect(keysOf(kept)).toMatchObject([{ message: 'in force on 1 rule; with its last good value' }]);
    expect(kept.again).toBe(2_000 + KeepFor);
    const over = at(memo, 2_000 + KeepFor, estate(jwt));
    expect([over.action(own), over.again]).toEqual(['500 policy-invalid', undefined]);
    expect(conditions(over)).toEqual(['True Accepted', 'False RefNotFound', 'False FailedClosed']);
  });

  test.each<[string, string, string]>([
    [
      'stays when something else of the config is edited',
      estate(jwt, '', 'generation: 2', 'dataPlane: { limits: { bodySize: 1Mi } }'),
      'forward',
    ],
    [
      'is not kept after an edit of the defaults',
      estate(`${jwt}, csrf: {}`, '', 'generation: 2'),
      '500 policy-invalid',
    ],
    ['is not kept of a config that was made anew under its name', estate(jwt, '', 'uid: other'), '500 policy-invalid'],
  ])('%s', (_, after, action) => {
    const memo = new Memo();
    at(memo, 1_000, estate(jwt, secret));
    expect(at(memo, 2_000, after).action(own)).toBe(action);
  });

  test('is forgotten with the config', () => {
    const memo = new Memo();
    at(memo, 1_000, estate(jwt, secret));
    at(memo, 2_000, secret);
    expect(at(memo, 3_000, estate(jwt)).action(own)).toBe('500 policy-invalid');
  });

  test('is of the class, whatever a GatewayPolicy of the same name does', () => {
    const memo = new Memo();
    const namesake = `---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: config, namespace: infra }
spec: { policies: { csrf: {} } }
`;
    at(memo, 1_000, estate(jwt, secret + namesake));
    expect(at(memo, 2_000, estate(jwt, namesake)).action(own)).toBe('forward');
  });
});
