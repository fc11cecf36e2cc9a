/** What is said of objects that stand at the API server and are not valid. */
import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../api/object.ts';
import { createStore } from '../store/store.ts';
import type { PlacedProblem } from './problem.ts';
import { withRefused } from './refused.ts';
import type { ObjectStatus } from './status.ts';

const names = { controller: 'ours', ingressController: 'ours/ingress' };

function object(kind: string, name: string, spec: object, namespace = ''): KubeObject {
  const metadata = { name, namespace, generation: 1, labels: {}, annotations: {}, uid: `uid-${name}` };
  return { apiVersion: 'v1', kind, metadata, spec } as KubeObject;
}

const cluster = [
  object('GatewayClass', 'ours', { controllerName: 'ours' }),
  object('GatewayClass', 'theirs', { controllerName: 'theirs' }),
  object('Gateway', 'our-gateway', { gatewayClassName: 'ours' }, 'infra'),
  object('Gateway', 'their-gateway', { gatewayClassName: 'theirs' }, 'infra'),
  object('IngressClass', 'ours', { controller: 'ours/ingress' }),
];

function problem(kind: string, spec: object, path = 'spec.rules[0]'): PlacedProblem {
  const of = { ...object(kind, 'one', spec, 'shop'), spec: { ...spec } };
  return {
    file: '',
    line: 0,
    object: `${kind}/shop/one`,
    path,
    message: 'is no list',
    hint: 'write a list',
    of: { ...of, metadata: { ...of.metadata, generation: 3 } },
  };
}

function setUp() {
  const store = createStore();
  store.apply(cluster.map((each) => ({ kind: 'upsert', object: each })));
  const published: (readonly ObjectStatus[])[] = [];
  const sink = { publish: (list: readonly ObjectStatus[]) => void published.push(list), problems: () => {} };
  const statuses = withRefused([sink], () => store.snapshot(), names);
  return { statuses, published, last: () => published.at(-1) ?? [] };
}

const parentRefs = [
  { name: 'our-gateway', namespace: 'infra' },
  { name: 'their-gateway', namespace: 'infra' },
  'nonsense',
];
const route = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop', name: 'one' };

describe('a route that cannot be read', () => {
  test('is refused in the name of our Gateways alone, with the generation that is refused', () => {
    const { statuses, last } = setUp();
    statuses.problems([problem('HTTPRoute', { parentRefs })]);
    statuses.publish([]);
    expect(last()).toMatchObject([
      {
        ref: route,
        generation: 3,
        status: {
          parents: [
            {
              parentRef: parentRefs[0],
              controllerName: 'ours',
              conditions: [
                {
                  type: 'Accepted',
                  status: 'False',
                  reason: 'UnsupportedValue',
                  message: 'spec.rules[0]: is no list; write a list; nothing of it is served',
                  observedGeneration: 3,
                },
              ],
            },
          ],
        },
        problems: [{ path: 'spec.rules[0]', reason: 'UnsupportedValue', message: 'is no list; write a list' }],
      },
    ]);
    expect(statuses.objectOf(route)?.metadata.uid).toBe('uid-one');
  });

  test('says what is served of it still, and its status comes back once it is corrected', () => {
    const { statuses, last } = setUp();
    const former: ObjectStatus = { ref: route, generation: 2, status: { parents: [] }, problems: [] };
    statuses.publish([former]);
    statuses.problems([problem('HTTPRoute', { parentRefs })]);
    expect(last()).toHaveLength(1);
    expect(JSON.stringify(last())).toContain('generation 2 is served until it is corrected');
    statuses.problems([]);
    expect(last()).toEqual([former]);
  });

  test('is the same instance for as long as nothing changes', () => {
    const { statuses, published } = setUp();
    statuses.problems([problem('HTTPRoute', { parentRefs })]);
    statuses.publish([]);
    statuses.publish([]);
    expect(published).toHaveLength(2);
    expect(published[1]?.[0]).toBe(published[0]?.[0]);
  });
});

test.each([
  ['HTTPRoute', { parentRefs: [parentRefs[1]] }],
  ['HTTPRoute', {}],
  ['Gateway', { gatewayClassName: 'theirs' }],
  ['Gateway', { gatewayClassName: 7 }],
  ['GatewayClass', { controllerName: 'theirs' }],
  ['Ingress', { ingressClassName: 'theirs' }],
  ['Ingress', {}],
  ['Service', {}],
])('nothing is said of what is not ours: %s %j', (kind, spec) => {
  const { statuses, last } = setUp();
  statuses.publish([]);
  statuses.problems([problem(kind, spec)]);
  expect(last()).toEqual([]);
});

test.each([
  ['Gateway', { gatewayClassName: 'ours' }, 'Accepted=False Invalid, Programmed=False Invalid'],
  ['GatewayRoute', { parentRefs }, 'Accepted=False UnsupportedValue, Programmed=False UnsupportedValue'],
  ['ListenerSet', { parentRef: parentRefs[0] }, 'Accepted=False Invalid, Programmed=False Invalid'],
  ['Backend', {}, 'Accepted=False Invalid'],
  ['APIKey', {}, 'Accepted=False Invalid'],
])('%s has conditions of its own', (kind, spec, conditions) => {
  const { statuses, last } = setUp();
  statuses.publish([]);
  statuses.problems([problem(kind, spec)]);
  const list = last()[0]?.status['conditions'] as { type: string; status: string; reason: string }[];
  expect(list.map(({ type, status, reason }) => `${type}=${status} ${reason}`).join(', ')).toBe(conditions);
});

test('an Ingress stays where it is served, and what is wrong is among its problems', () => {
  const { statuses, last } = setUp();
  const ref = { group: 'networking.k8s.io', kind: 'Ingress', namespace: 'shop', name: 'one' };
  const status = { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } };
  statuses.publish([{ ref, generation: 2, status, problems: [] }]);
  statuses.problems([problem('Ingress', { ingressClassName: 'ours' })]);
  expect(last()).toMatchObject([{ status, problems: [{ message: 'is no list; write a list' }] }]);
});

test('a long list of problems is cut, and what is served is still said', () => {
  const { statuses, last } = setUp();
  statuses.publish([]);
  statuses.problems(
    Array.from({ length: 100 }, (_, i) => problem('Gateway', { gatewayClassName: 'ours' }, `spec.listeners[${i}]`)),
  );
  const [condition] = (last()[0]?.status['conditions'] ?? []) as { message: string }[];
  expect(condition?.message.length).toBeLessThanOrEqual(1_000);
  expect(condition?.message).toMatch(/…; nothing of it is served$/);
});
