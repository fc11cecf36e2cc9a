/** Statuses against an API server in memory. */
import { describe, expect, test } from '@jest/globals';
import { KubeError } from '../kube/api.ts';
import { MemoryApiServer } from '../testkit/apiserver.ts';
import { knownCollections } from '../testkit/apiserver-kinds.ts';
import type { Quorum } from './quorum.ts';
import { condition, ours, parent, patch, route, settled, setUp, statusOf } from './writer.testing.ts';

test('writes once for each change, keeps the time while the state stays, and leaves other entries alone', async () => {
  const { api, state, writer, read, writes, pass } = setUp();
  await api.apply(route('one'));
  const theirs = {
    ...parent('example.com/other', 'True'),
    conditions: [{ ...condition('True'), lastTransitionTime: '2020-01-01T00:00:00Z' }],
  };
  await patch(api, 'one', { parents: [theirs] });
  const before = writes();
  writer.publish([statusOf('one', 'True')]);
  await pass(1_000);
  state.second = 30;
  const later = statusOf('one', 'True');
  (later.status['parents'] as { conditions: { message: string }[] }[])[0]!.conditions[0]!.message = 'more';
  writer.publish([later]);
  await pass(1_000);
  writer.publish([later]);
  await pass(1_000);
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
  const { api, writer, writes, read, pass } = setUp();
  await api.apply(route('one'));
  writer.publish([statusOf('one', 'True')]);
  await pass(1_000);
  writer.publish([statusOf('one', 'True')]);
  await pass(1_000);
  expect(writes()).toBe(1);
  await api.apply(route('one', 'b'));
  writer.publish([statusOf('one', 'False', 1)]);
  await pass(1_000);
  expect(read('one')?.parents[0]?.conditions[0]?.status).toBe('True');
  writer.publish([statusOf('one', 'False', 2)]);
  await pass(1_000);
  expect(read('one')?.parents[0]?.conditions[0]?.status).toBe('False');
});

test('many changes of an object within half a second are two writes, the last one wins', async () => {
  const { api, writer, writes, read, pass } = setUp();
  await api.apply(route('one'));
  for (const state of ['True', 'False', 'True', 'False', 'Unknown']) {
    writer.publish([statusOf('one', state)]);
    await settled();
  }
  await pass(1_000);
  expect(writes()).toBe(2);
  expect(read('one')?.parents[0]?.conditions[0]?.status).toBe('Unknown');
});

test('an object that was deleted and made again gets its status, even an equal one', async () => {
  const { api, writer, read, pass } = setUp();
  await api.apply(route('one'));
  const status = statusOf('one', 'True');
  writer.publish([status]);
  await pass(1_000);
  await api.remove(route('one'));
  await api.apply(route('one'));
  expect(read('one')).toBeUndefined();
  writer.publish([status]);
  await pass(1_000);
  expect(read('one')?.parents).toHaveLength(1);
});

test('a route of other controllers is left alone, an entry of ours that is no more goes', async () => {
  const { api, writer, read, writes, pass } = setUp();
  for (const name of ['theirs', 'former']) await api.apply(route(name));
  await patch(api, 'former', { parents: [parent(ours, 'True'), parent('example.com/other', 'True')] });
  const before = writes();
  const none = (name: string) => ({ ...statusOf(name, 'True'), status: { parents: [] } });
  writer.publish([none('theirs'), none('former')]);
  await pass(1_000);
  expect(writes() - before).toBe(1);
  expect(read('theirs')).toBeUndefined();
  expect(read('former')?.parents).toEqual([parent('example.com/other', 'True')]);
});

test('only the leader writes; a new one compares everything by lists, and reads nothing twice', async () => {
  const { api, state, writer, writes, lead } = setUp();
  state.leading = false;
  await lead(false);
  for (const name of ['one', 'two']) await api.apply(route(name));
  writer.publish([statusOf('one', 'True'), statusOf('two', 'True')]);
  await settled();
  expect(writes()).toBe(0);
  await lead(true);
  expect(writes()).toBe(2);
  await lead(false);
  api.requests.length = 0;
  await lead(true);
  expect(api.requests.filter((request) => /httproutes/.test(request))).toEqual([
    'GET /apis/gateway.networking.k8s.io/v1/httproutes',
  ]);
});

test('what somebody else changed is put right when everything is compared again', async () => {
  const { api, writer, read, pass } = setUp();
  await api.apply(route('one'));
  writer.publish([statusOf('one', 'True')]);
  await pass(1_000);
  await patch(api, 'one', { parents: [parent('example.com/other', 'True')] });
  await pass(800_000, 10_000);
  expect(read('one')?.parents).toHaveLength(2);
});

test('is tried again until it holds; an object that is gone is let go', async () => {
  const { api, writer, read, errors, pass } = setUp();
  for (const name of ['one', 'two']) await api.apply(route(name));
  let failures = 3;
  api.fault = ({ method }) =>
    method === 'PATCH' && failures-- > 0 ? new KubeError('etcd is away', { code: 500 }) : undefined;
  writer.publish([statusOf('one', 'True'), statusOf('gone', 'True')]);
  await pass(20_000, 500);
  expect(read('one')?.parents).toHaveLength(1);
  expect(errors).toEqual(Array.from({ length: 3 }, () => 'HTTPRoute/shop/one: etcd is away'));
  expect(writer.figures).toEqual({ writes: 1, failures: 3, pending: 0, writing: 0 });
});

test('a write that meets another one looks again and loses nothing', async () => {
  const { api, writer, read, errors, pass } = setUp();
  await api.apply(route('one'));
  let met = false;
  api.fault = ({ method }) => {
    if (method !== 'PATCH' || met) return undefined;
    met = true;
    void patch(api, 'one', { parents: [parent('example.com/other', 'True')] });
    return new KubeError('the object has been modified', { code: 409 });
  };
  writer.publish([statusOf('one', 'True')]);
  await pass(2_000);
  expect(read('one')?.parents).toHaveLength(2);
  expect(errors).toEqual([]);
});

test('a storm of 1,000 routes is 1,000 writes, within ten seconds', async () => {
  const { api, writer, writes, pass } = setUp();
  const names = Array.from({ length: 1_000 }, (_, i) => `r${i}`);
  for (const name of names) await api.apply(route(name));
  writer.publish(names.map((name) => statusOf(name, 'True')));
  await pass(10_000);
  expect(writes()).toBe(1_000);
  await writer.close();
});

test('what is being written is not begun anew by a publication meanwhile', async () => {
  const { api, writer, writes, pass } = setUp();
  await api.apply(route('a'));
  const status = statusOf('a', 'True');
  await settled();
  const { promise, resolve } = Promise.withResolvers<void>();
  const send = api.send.bind(api);
  api.send = async (request) => {
    await promise;
    return send(request);
  };
  writer.publish([status]);
  writer.publish([statusOf('b', 'True'), status]);
  writer.publish([status]);
  resolve();
  await pass(1_000);
  expect(api.requests.filter((request) => request.includes('/httproutes/a'))).toHaveLength(1);
  expect(writes()).toBe(1);
});

describe('with other pods', () => {
  function withPods(api = new MemoryApiServer(knownCollections())) {
    const pods = { late: ['pod-2'] as readonly string[] };
    const listeners: (() => void)[] = [];
    const quorum: Quorum = {
      behind: (versions) => (versions['HTTPRoute'] === '7' ? pods.late : []),
      onChange: (listener) => void listeners.push(listener),
    };
    const catchUp = async () => {
      pods.late = [];
      for (const listener of listeners) listener();
      await settled();
    };
    return { ...setUp({ api, quorum }), catchUp };
  }

  test('what turns True waits for them, and is written when they have caught up', async () => {
    const { api, writer, read, writes, pass, catchUp } = withPods();
    await api.apply(route('one'));
    writer.publish([statusOf('one', 'True')], { HTTPRoute: '7' });
    await pass(2_000);
    expect(writes()).toBe(0);
    await catchUp();
    expect(read('one')?.parents[0]?.conditions[0]?.status).toBe('True');
  });

  test('what turns False does not wait', async () => {
    const { api, writer, read, pass } = withPods();
    await api.apply(route('one'));
    writer.publish([statusOf('one', 'False')], { HTTPRoute: '7' });
    await pass(500);
    expect(read('one')?.parents[0]?.conditions[0]?.status).toBe('False');
  });

  test('after five seconds it is accepted, but not programmed, by name of who is late; then it is', async () => {
    const { api, writer, read, writes, pass, catchUp } = withPods();
    await api.apply(route('one'));
    const programmed = { ...condition('True'), type: 'Programmed', reason: 'Programmed' };
    const status = statusOf('one', 'True');
    (status.status['parents'] as { conditions: object[] }[])[0]!.conditions.push(programmed);
    writer.publish([status], { HTTPRoute: '7' });
    await pass(6_000);
    expect(read('one')?.parents[0]?.conditions).toMatchObject([
      { type: 'Accepted', status: 'True' },
      {
        type: 'Programmed',
        status: 'Unknown',
        reason: 'Pending',
        message: 'gateway pod pod-2 does not serve this configuration yet',
      },
    ]);
    await pass(30_000);
    expect(writes()).toBe(1);
    await catchUp();
    expect(read('one')?.parents[0]?.conditions[1]).toMatchObject({ type: 'Programmed', status: 'True' });
    expect(writes()).toBe(2);
  });

  test('1,000 routes that waited for them are 1,000 writes', async () => {
    const { api, writer, writes, pass, catchUp } = withPods();
    const names = Array.from({ length: 1_000 }, (_, i) => `r${i}`);
    for (const name of names) await api.apply(route(name));
    writer.publish(
      names.map((name) => statusOf(name, 'True')),
      { HTTPRoute: '7' },
    );
    await pass(1_000);
    await catchUp();
    await pass(8_000);
    expect(writes()).toBe(1_000);
  });
});
