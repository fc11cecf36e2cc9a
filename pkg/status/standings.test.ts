/** What a watch tells saves the writer its looks, and never misleads it. */
import { expect, test } from '@jest/globals';
import type { Kind } from '../api/kinds.ts';
import { KubeError } from '../kube/api.ts';
import { reflect } from '../kube/reflector.ts';
import { FakeClock } from '../store/clock.testing.ts';
import { MemoryApiServer } from '../testkit/apiserver.ts';
import { knownCollections } from '../testkit/apiserver-kinds.ts';
import { Standings } from './standings.ts';
import { parent, patch, route, settled, setUp, statusOf } from './writer.testing.ts';

const path = '/apis/gateway.networking.k8s.io/v1/httproutes';
const kind: Kind = 'HTTPRoute';

/** A writer, and the watch of HTTPRoutes that tells it what stands. `deaf`: it tells nothing any more. */
async function setUpWatched(api = new MemoryApiServer(knownCollections())) {
  const standings = new Standings();
  const watch = { deaf: false };
  const life = new AbortController();
  const told = (tell: () => void) => {
    if (!watch.deaf) tell();
  };
  void reflect(
    {
      api,
      path: async () => path,
      clock: new FakeClock(),
      random: () => 0.5,
      sink: {
        replace: (raws) => told(() => standings.replace(kind, '', raws)),
        upsert: (raw) => told(() => standings.upsert(kind, raw)),
        remove: (raw) => told(() => standings.remove(kind, raw)),
        failed: () => {},
      },
    },
    life.signal,
  );
  await settled();
  return { ...setUp({ api, standings }), watch, standings, close: () => life.abort() };
}

/** Of single HTTPRoutes, by verb. */
function counted(api: MemoryApiServer): Record<string, number> {
  const verbs = api.requests.filter((each) => /httproutes\/\w/.test(each)).map((each) => each.split(' ')[0] ?? '');
  return Object.fromEntries(
    Map.groupBy(verbs, (verb) => verb)
      .entries()
      .map(([verb, all]) => [verb, all.length]),
  );
}

test('1,000 new routes are 1,000 requests, and 1,000 more when one change alters them all', async () => {
  const { api, writer, pass, close } = await setUpWatched();
  const names = Array.from({ length: 1_000 }, (_, i) => `r${i}`);
  for (const name of names) await api.apply(route(name));
  await settled();
  writer.publish(names.map((name) => statusOf(name, 'True')));
  await pass(10_000);
  expect(counted(api)).toEqual({ PATCH: 1_000 });
  writer.publish(names.map((name) => statusOf(name, 'False')));
  await pass(10_000);
  expect(counted(api)).toEqual({ PATCH: 2_000 });
  close();
  await writer.close();
});

test('the answer to a write is known, even before its watch tells it', async () => {
  const { api, writer, watch, pass, read, close } = await setUpWatched();
  await api.apply(route('one'));
  await settled();
  watch.deaf = true;
  for (const state of ['True', 'False', 'Unknown']) {
    writer.publish([statusOf('one', state)]);
    await pass(1_000);
  }
  expect(read('one')?.parents[0]?.conditions[0]?.status).toBe('Unknown');
  expect(counted(api)).toEqual({ PATCH: 3 });
  close();
});

test('who wrote in between is met, not overwritten: one look, and nothing of it is lost or told as a failure', async () => {
  const { api, writer, watch, read, errors, close } = await setUpWatched();
  await api.apply(route('one'));
  await settled();
  watch.deaf = true;
  await patch(api, 'one', { parents: [parent('example.com/other', 'True')] });
  api.requests.length = 0;
  writer.publish([statusOf('one', 'True')]);
  await settled();
  expect(read('one')?.parents).toHaveLength(2);
  expect(counted(api)).toEqual({ PATCH: 2, GET: 1 });
  expect(errors).toEqual([]);
  close();
});

test('a controller that writes without end is not fought: each change of ours is written once', async () => {
  const { api, writer, pass, read, writes, close } = await setUpWatched();
  await api.apply(route('one'));
  const status = statusOf('one', 'True');
  writer.publish([status]);
  await pass(1_000);
  const before = writes();
  for (let i = 0; i < 20; i++) {
    await patch(api, 'one', { parents: [parent('example.com/other', 'True', `${i}`)] });
    writer.publish([status]);
    await pass(500);
  }
  expect(writes() - before).toBe(20);
  writer.publish([statusOf('one', 'False')]);
  await pass(1_000);
  expect(read('one')?.parents.map(({ conditions }) => conditions[0]?.status)).toEqual(['True', 'False']);
  close();
});

test('an object that was deleted and made again with the same name is another one: it gets what is its own, once', async () => {
  const { api, writer, watch, pass, read, errors, close } = await setUpWatched();
  await api.apply(route('one'));
  await settled();
  watch.deaf = true;
  await api.remove(route('one'));
  writer.publish([statusOf('one', 'False')]);
  await pass(1_000);
  expect(counted(api)).toEqual({ PATCH: 1, GET: 1 });
  await api.apply(route('one', 'b'));
  writer.publish([statusOf('one', 'True')]);
  await pass(1_000);
  expect(read('one')?.parents).toMatchObject([{ conditions: [{ status: 'True' }] }]);
  expect(counted(api)).toEqual({ PATCH: 2, GET: 2 });
  expect(errors).toEqual([]);
  close();
});

test('a status of an older generation is not written although the newer one is not known yet', async () => {
  const { api, writer, watch, pass, read, close } = await setUpWatched();
  await api.apply(route('one'));
  await settled();
  watch.deaf = true;
  await api.apply(route('one', 'b'));
  writer.publish([statusOf('one', 'True', 1)]);
  await pass(1_000);
  expect(read('one')).toBeUndefined();
  writer.publish([statusOf('one', 'True', 2)]);
  await pass(1_000);
  expect(read('one')?.parents).toHaveLength(1);
  close();
});

test('while the API server asks for a rest nobody else of 1,000 is tried', async () => {
  const { api, writer, pass, close } = await setUpWatched();
  const names = Array.from({ length: 1_000 }, (_, i) => `r${i}`);
  for (const name of names) await api.apply(route(name));
  await settled();
  let busy = true;
  api.fault = ({ method }) =>
    busy && method === 'PATCH' ? new KubeError('too many requests', { code: 429, retryAfter: 1 }) : undefined;
  writer.publish(names.map((name) => statusOf(name, 'True')));
  await pass(5_000);
  // Sixteen at once, and no more than one round a second.
  expect(counted(api)['PATCH']).toBeLessThanOrEqual(16 * 5);
  busy = false;
  await pass(15_000);
  expect(writer.figures).toMatchObject({ writes: 1_000, pending: 0 });
  close();
  await writer.close();
});

test('a watch that comes late takes nothing back; other kinds are passed by', () => {
  const standings = new Standings();
  const object = (resourceVersion: string, uid: string) => ({
    metadata: { name: 'one', namespace: 'shop', uid, resourceVersion, generation: 1 },
    status: { parents: [] },
  });
  const place = { name: 'one', namespace: 'shop' };
  standings.upsert(kind, object('12', 'b'));
  standings.upsert(kind, object('9', 'a'));
  standings.remove(kind, object('10', 'a'));
  expect(standings.get(kind, place)).toEqual(object('12', 'b'));
  standings.replace(kind, 'infra', []);
  expect(standings.get(kind, place)).toBeDefined();
  standings.replace(kind, 'shop', []);
  expect(standings.get(kind, place)).toBeUndefined();
  standings.upsert('Service', object('13', 'c'));
  expect(standings.get('Service', place)).toBeUndefined();
});
