/** Statuses against an API server in memory. */
import { expect, test } from '@jest/globals';
import { KubeError } from '../kube/api.ts';
import { FakeClock } from '../store/clock.testing.ts';
import { knownCollections } from '../testkit/apiserver-kinds.ts';
import { MemoryApiServer } from '../testkit/apiserver.ts';
import type { ObjectStatus } from './status.ts';
import { createStatusWriter } from './writer.ts';

const ours = 'gateway.suuupra.io/controller';
const route = (name: string, backend = 'a') => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name, namespace: 'shop' },
  spec: { rules: [{ backendRefs: [{ name: backend, port: 80 }] }] },
});
const condition = (status: string, message = '') => ({
  type: 'Accepted',
  status,
  reason: 'Accepted',
  message,
  observedGeneration: 1,
});
const parent = (controllerName: string, status: string, message = '') => ({
  parentRef: { name: 'gw' },
  controllerName,
  conditions: [condition(status, message)],
});

function statusOf(name: string, state: string, generation = 1): ObjectStatus {
  const ref = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop', name };
  return { ref, generation, status: { parents: [parent(ours, state)] }, problems: [] };
}

async function settled(): Promise<void> {
  for (let i = 0; i < 300; i++) await Promise.resolve();
}

function setUp() {
  const api = new MemoryApiServer(knownCollections());
  const clock = new FakeClock();
  const state = { leading: true, second: 0 };
  const listeners: (() => void)[] = [];
  const errors: string[] = [];
  const writer = createStatusWriter({
    api,
    controller: ours,
    leadership: { leading: () => state.leading, onChange: (listener) => void listeners.push(listener) },
    clock,
    random: () => 0.5,
    now: () => new Date(Date.UTC(2026, 10, 25, 10, 0, state.second)),
    onError: (object, error) => void errors.push(`${object}: ${error.message}`),
  });
  const read = (name: string) =>
    api.get('gateway.networking.k8s.io/v1/httproutes', 'shop', name)?.['status'] as
      | { parents: { conditions: { status: string }[] }[] }
      | undefined;
  const writes = () => api.requests.filter((request) => request.startsWith('PATCH')).length;
  const lead = async (leading: boolean) => {
    state.leading = leading;
    for (const listener of listeners) listener();
    await settled();
  };
  return { api, clock, state, writer, read, writes, lead, errors };
}

test('writes once for each change, keeps the time while the state stays, and leaves other entries alone', async () => {
  const { api, state, writer, read, writes } = setUp();
  await api.apply(route('one'));
  const path = '/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/one/status';
  const theirs = {
    ...parent('example.com/other', 'True'),
    conditions: [{ ...condition('True'), lastTransitionTime: '2020-01-01T00:00:00Z' }],
  };
  await api.send({
    method: 'PATCH',
    path,
    body: { status: { parents: [theirs] } },
    contentType: 'application/merge-patch+json',
  });
  const before = writes();
  writer.publish([statusOf('one', 'True')]);
  await settled();
  state.second = 30;
  const later = statusOf('one', 'True');
  (later.status['parents'] as { conditions: { message: string }[] }[])[0]!.conditions[0]!.message = 'more';
  writer.publish([later]);
  await settled();
  writer.publish([statusOf('one', 'True')].map(() => later));
  await settled();
  expect(writes() - before).toBe(2);
  expect(read('one')?.parents).toEqual([
    theirs,
    {
      ...parent(ours, 'True'),
      conditions: [{ ...condition('True', 'more'), lastTransitionTime: '2026-11-25T10:00:00Z' }],
    },
  ]);
});

test('an equal status is not written, a stale one neither', async () => {
  const { api, writer, writes, read } = setUp();
  await api.apply(route('one'));
  writer.publish([statusOf('one', 'True')]);
  await settled();
  writer.publish([statusOf('one', 'True')]);
  await settled();
  expect(writes()).toBe(1);
  await api.apply(route('one', 'b'));
  writer.publish([statusOf('one', 'False', 1)]);
  await settled();
  expect(read('one')?.parents[0]?.conditions[0]?.status).toBe('True');
  writer.publish([statusOf('one', 'False', 2)]);
  await settled();
  expect(read('one')?.parents[0]?.conditions[0]?.status).toBe('False');
});

test('only the leader writes, and a new one looks at everything once', async () => {
  const { api, state, writer, writes, lead } = setUp();
  state.leading = false;
  for (const name of ['one', 'two']) await api.apply(route(name));
  writer.publish([statusOf('one', 'True'), statusOf('two', 'True')]);
  await settled();
  expect(writes()).toBe(0);
  await lead(true);
  expect(writes()).toBe(2);
  await lead(false);
  await lead(true);
  expect(writes()).toBe(2);
});

test('is tried again until it holds; an object that is gone is let go', async () => {
  const { api, clock, writer, read, errors } = setUp();
  for (const name of ['one', 'two']) await api.apply(route(name));
  let failures = 3;
  api.fault = ({ method }) =>
    method === 'PATCH' && failures-- > 0 ? new KubeError('etcd is away', { code: 500 }) : undefined;
  writer.publish([statusOf('one', 'True'), statusOf('gone', 'True')]);
  for (let i = 0; i < 20; i++) {
    await settled();
    clock.advance(1_000);
  }
  expect(read('one')?.parents).toHaveLength(1);
  expect(errors).toEqual(Array.from({ length: 3 }, () => 'HTTPRoute/shop/one: etcd is away'));
  expect(clock.waiting).toBe(0);
});

test('a storm of 1,000 routes is 1,000 writes', async () => {
  const { api, writer, writes } = setUp();
  const names = Array.from({ length: 1_000 }, (_, i) => `r${i}`);
  for (const name of names) await api.apply(route(name));
  writer.publish(names.map((name) => statusOf(name, 'True')));
  for (let i = 0; i < 50; i++) await settled();
  expect(writes()).toBe(1_000);
  await writer.close();
});
