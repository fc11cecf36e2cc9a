import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../api/object.ts';
import { validateObject } from '../api/validate.ts';
import { goldenOptions, storeOf } from '../testkit/golden.ts';
import { type InForce, inForce } from '../testkit/in-force.ts';
import { KeepFor } from './last-good.ts';
import { Memo } from './memo.ts';
import { translate } from './translate.ts';
import type { Translation } from './translation.ts';

const valid = (raw: object): KubeObject => {
  const result = validateObject(raw);
  if (!('object' in result)) throw new Error(JSON.stringify(result));
  return result.object;
};
const gatewayTarget = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public' };
const routeTarget = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'orders' };
const secret = valid({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'jwt', namespace: 'infra' },
  stringData: { secret: 'a secret of thirty-two bytes, no less' },
});

function objects(target: object, generation = 1, uid = 'u1'): readonly KubeObject[] {
  const namespace = 'infra';
  const jwt = { algorithms: ['HS256'], sharedSecret: { name: 'jwt', key: 'secret' } };
  return [
    valid({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: 's' },
      spec: { controllerName: 'gateway.suuupra.io/controller' },
    }),
    valid({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'public', namespace },
      spec: { gatewayClassName: 's', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
    }),
    valid({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'orders', namespace },
      spec: { parentRefs: [{ name: 'public' }], rules: [{}] },
    }),
    valid({
      apiVersion: 'gateway.suuupra.io/v1alpha1',
      kind: 'GatewayPolicy',
      metadata: { name: 'baseline', namespace, generation, uid },
      spec: { targetRefs: [target], policies: { authentication: { methods: [{ name: 'corp', type: 'JWT', jwt }] } } },
    }),
  ];
}

/** Runs with and without the Secret, at times of ms. */
function runs(target: object) {
  const memo = new Memo();
  return (now: number, withSecret: boolean, generation = 1, uid?: string): Translation => {
    const policies = objects(target, generation, uid).filter(({ kind }) => uid !== '' || kind !== 'GatewayPolicy');
    const all = [...policies, ...(withSecret ? [secret] : [])];
    return translate(storeOf(all).snapshot(), { ...goldenOptions, now }, memo);
  };
}

const action = ({ ir }: Translation) => ir.routes['HTTPRoute/infra/orders']?.rules[0]?.action.kind;
const conditions = ({ statuses }: Translation) => {
  const status = statuses.find(({ ref }) => ref.kind === 'GatewayPolicy')?.status as {
    readonly conditions: readonly { readonly type: string; readonly reason: string }[];
  };
  return Object.fromEntries(status.conditions.map(({ type, reason }) => [type, reason]));
};

test('a policy of a Gateway whose Secret is gone keeps its last good value, says until when, and then fails closed', () => {
  const run = runs(gatewayTarget);
  const good = run(1_000, true);
  expect([action(good), conditions(good)['ResolvedRefs'], good.again]).toEqual(['forward', 'ResolvedRefs', undefined]);

  const kept = run(2_000, false);
  expect(action(kept)).toBe('forward');
  expect(kept.ir.filters).toEqual(good.ir.filters);
  expect(kept.ir.secrets).toEqual(good.ir.secrets);
  expect(conditions(kept)).toMatchObject({ ResolvedRefs: 'LastGoodKept', Enforced: 'Enforced' });
  expect(kept.again).toBe(2_000 + KeepFor);
  // The clock does not start anew with each run.
  expect(run(2_000 + KeepFor - 1, false).again).toBe(2_000 + KeepFor);

  const over = run(2_000 + KeepFor, false);
  expect(action(over)).toBe('refuse');
  expect(conditions(over)).toMatchObject({ ResolvedRefs: 'RefNotFound', Enforced: 'FailedClosed' });
  expect(over.again).toBeUndefined();
  expect(action(run(2_000 + KeepFor + 1, true))).toBe('forward');
});

test.each<[string, object, number]>([
  ['a policy of one route has nobody to spare', routeTarget, 1],
  ['an edit is a new policy', gatewayTarget, 2],
])('nothing is kept: %s', (_, target, generation) => {
  const run = runs(target);
  expect(action(run(1_000, true))).toBe('forward');
  expect(action(run(2_000, false, generation))).toBe('refuse');
});

test('a policy that never was good fails closed at once', () => {
  expect(action(runs(gatewayTarget)(1_000, false))).toBe('refuse');
});

test.each([
  ['between two runs', []],
  ['with a run in which it was gone', ['']],
])('nothing is kept of a policy that was deleted and made anew under its name, %s', (_, uids) => {
  const run = runs(gatewayTarget);
  expect(action(run(1_000, true))).toBe('forward');
  for (const uid of uids) run(2_000, false, 1, uid);
  expect(action(run(3_000, false, 1, uids.length === 0 ? 'u2' : 'u1'))).toBe('refuse');
});

test('of two keys each keeps its own last good value, and what one is now is not undone for the other', () => {
  const urls = (value: string): KubeObject =>
    valid({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'urls', namespace: 'infra' },
      stringData: { key: value.repeat(40) },
    });
  const keys = [{ id: 'k', algorithm: 'HMACSHA256', secretRef: { name: 'urls', key: 'key' } }];
  const memo = new Memo();
  const run = (now: number, ...secrets: readonly KubeObject[]): Translation => {
    const all = objects(gatewayTarget).map((object) =>
      object.kind === 'GatewayPolicy'
        ? valid({
            ...object,
            spec: { ...policySpec(object), policies: { ...policySpec(object).policies, signedURLs: { keys } } },
          })
        : object,
    );
    return translate(storeOf([...all, ...secrets]).snapshot(), { ...goldenOptions, now }, memo);
  };
  const served = ({ ir }: Translation) =>
    Object.entries(ir.filters).flatMap(([, { kind, config }]) =>
      kind === 'signedURLs' ? config.keys.map((key) => ('secret' in key ? ir.secrets[key.secret]?.[0] : '?')) : [],
    );

  expect(served(run(1_000, secret, urls('a')))).toEqual(['a']);
  const rotated = run(2_000, urls('b'));
  expect([action(rotated), ...served(rotated)]).toEqual(['forward', 'b']);
  const lost = run(3_000);
  expect([action(lost), ...served(lost)]).toEqual(['forward', 'b']);
  expect(lost.again).toBe(2_000 + KeepFor);
  expect(run(4_000).ir).toEqual(lost.ir);
  expect(action(run(2_000 + KeepFor))).toBe('refuse');
});

const policySpec = (object: KubeObject) =>
  (object as KubeObject & { readonly spec: { readonly policies: object } }).spec;

describe('of several keys', () => {
  const estate = (secret: string, networks: string, target = 'Gateway', more = ''): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: s }
spec: { controllerName: gateway.suuupra.io/controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public, namespace: infra }
spec: { gatewayClassName: s, allowedListeners: { namespaces: { from: All } }, listeners: [{ name: http, port: 80, protocol: HTTP }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: public, namespace: infra }
spec: { parentRef: { name: public }, listeners: [{ name: more, port: 81, protocol: HTTP }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: orders, namespace: infra }
spec: { parentRefs: [{ kind: ${target}, name: public }], rules: [{ name: one }] }
---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: baseline, namespace: infra }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: ${target}, name: public }]
  policies:
    ipAccess: { listRef: { name: blocked, key: list } }
    authentication: { methods: [{ name: corp, type: JWT, jwt: { algorithms: [HS256], sharedSecret: { name: jwt, key: secret } } }] }
${secret === '' ? '' : `---\napiVersion: v1\nkind: Secret\nmetadata: { name: jwt, namespace: infra }\nstringData: { secret: "${secret.repeat(40)}" }`}
${networks === '' ? '' : `---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: blocked, namespace: infra }\ndata: { list: "${networks}" }`}
${more}`;
  const own = 'HTTPRoute/infra/orders';
  /** What guards the route: networks and the id of the secret. */
  const guards = ({ ir, action }: InForce): readonly string[] => [
    action(own),
    ...Object.values(ir.filters).flatMap(({ kind, config }) =>
      kind === 'ipAccess' ? [JSON.stringify(config).match(/[0-9.]+\/[0-9]+/)?.[0] ?? ''] : [],
    ),
    ...Object.values(ir.secrets)
      .map((value) => value.slice(0, 1))
      .sort(),
  ];

  test.each(['Gateway', 'ListenerSet'])('each keeps its own, and what is still there moves on (a %s)', (target) => {
    const memo = new Memo();
    const at = (now: number, secret: string, networks: string): InForce =>
      inForce(estate(secret, networks, target), memo, now);
    expect(guards(at(1_000, 'a', '10.0.0.0/8'))).toEqual(['forward', '10.0.0.0/8', 'a']);
    expect(guards(at(2_000, '', '10.0.0.0/8'))).toEqual(['forward', '10.0.0.0/8', 'a']);
    // The list changes while the Secret is gone.
    expect(guards(at(3_000, '', '10.1.0.0/16'))).toEqual(['forward', '10.1.0.0/16', 'a']);
    // Now that is gone, too: the last good list is the new one.
    const both = at(4_000, '', '');
    expect(guards(both)).toEqual(['forward', '10.1.0.0/16', 'a']);
    // A new secret holds at once, and is the last good one from then on.
    expect(guards(at(5_000, 'b', ''))).toEqual(['forward', '10.1.0.0/16', 'a', 'b']);
    expect(at(5_500, 'b', '').condition('GatewayPolicy', 'baseline', 'ResolvedRefs')).toBe('False LastGoodKept');
    const again = at(6_000, '', '');
    const used = Object.values(again.ir.filters).find(({ kind }) => kind === 'authentication');
    expect(JSON.stringify(used)).toContain(
      Object.entries(again.ir.secrets).find(([, value]) => value.startsWith('b'))?.[0],
    );
    // The time runs from the first that was lost, and does not start anew.
    expect(again.again).toBe(2_000 + KeepFor);
    expect(guards(at(2_000 + KeepFor, 'b', ''))).toEqual(['500 policy-invalid', 'b']);
    expect(guards(at(3_000 + KeepFor, 'b', '10.2.0.0/16'))).toEqual(['forward', '10.2.0.0/16', 'b']);
    // All is well, so that the next time begins anew.
    expect(at(4_000 + KeepFor, '', '10.2.0.0/16').again).toBe(4_000 + 2 * KeepFor);
  });

  test('one that a ReferenceGrant no longer allows is closed, although another is kept', () => {
    const auth = `---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: a-keys, namespace: infra }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: public }]
  policies:
    ipAccess: { listRef: { name: blocked, key: list } }
    authentication:
      methods:
        - name: corp
          type: JWT
          jwt: { issuer: "https://issuer.test", algorithms: [RS256], remoteJWKS: { backendRef: { name: keys, namespace: other, port: 80 }, path: /keys } }
---
apiVersion: v1
kind: Service
metadata: { name: keys, namespace: other }
spec: { ports: [{ port: 80 }] }
`;
    const grant = `---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: keys, namespace: other }
spec:
  from: [{ group: gateway.suuupra.io, kind: GatewayPolicy, namespace: infra }]
  to: [{ group: "", kind: Service }]
`;
    const memo = new Memo();
    const action = (networks: string, more: string, now: number): string =>
      inForce(estate('a', networks, 'Gateway', more), memo, now).action(own);
    expect(action('10.0.0.0/8', auth + grant, 1_000)).toBe('forward');
    expect(action('', auth + grant, 2_000)).toBe('forward');
    expect(action('', auth, 3_000)).toBe('500 policy-invalid');
    // Nor does it come back by a reference that is lost afterwards.
    expect(action('', auth.replace(/---\napiVersion: v1[^]*/, ''), 4_000)).toBe('500 policy-invalid');
  });
});
