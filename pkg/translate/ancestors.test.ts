/** A policy status has room for 16 Gateways: exactly the others say themselves that they are affected (GEP-713). */
import { expect, test } from '@jest/globals';
import { type InForce, inForce } from '../testkit/in-force.ts';

const names = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `g${10 + i}`);

/** A route on so many Gateways, and a policy for it. */
function estate(count: number): InForce {
  return inForce(
    [
      'apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: s }\nspec: { controllerName: gateway.suuupra.io/controller }',
      ...names(count).map(
        (name, i) => `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: shop }
spec: { gatewayClassName: s, listeners: [{ name: http, port: ${1000 + i}, protocol: HTTP }] }`,
      ),
      `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: orders, namespace: shop }
spec: { parentRefs: [${names(count)
        .map((name) => `{ name: ${name} }`)
        .join()}], rules: [{ name: all }] }`,
      `apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: orders, namespace: shop }
spec: { targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: orders }], policies: { csrf: {} } }`,
    ].join('\n---\n'),
  );
}

test.each([16, 17, 20])('of %i Gateways', (count) => {
  const { statuses, condition } = estate(count);
  const status = statuses.find(({ ref }) => ref.kind === 'GatewayPolicy')?.status as unknown as {
    readonly ancestors: readonly { readonly ancestorRef: { readonly name: string } }[];
  };
  expect(status.ancestors.map(({ ancestorRef }) => ancestorRef.name)).toEqual(names(16));
  const told = names(count).filter(
    (name) => condition('Gateway', name, 'gateway.suuupra.io/GatewayPolicyAffected') === 'True PolicyAffected',
  );
  expect(told).toEqual(names(count).slice(16));
  const reached = condition('GatewayPolicy', 'orders', 'AncestorLimitReached');
  expect(reached).toBe(count > 16 ? 'True AncestorLimitReached' : undefined);
});
