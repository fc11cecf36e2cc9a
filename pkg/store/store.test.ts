/** Snapshots never change, share what did not change, and stay sorted through every kind of batch. */
import { describe, expect, test } from '@jest/globals';
import { type KubeObject, refOf } from '../api/object.ts';
import type { Change } from '../source/source.ts';
import { createStore } from './store.ts';

function object(kind: string, namespace: string, name: string, labels: Record<string, string> = {}): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { name, namespace, generation: 1, labels, annotations: {} } };
}

const upsert = (object: KubeObject): Change => ({ kind: 'upsert', object });
const remove = (object: KubeObject): Change => ({ kind: 'remove', ref: refOf(object) });
const slice = (name: string, service: string) =>
  object('EndpointSlice', 'shop', name, { 'kubernetes.io/service-name': service });

describe('a snapshot', () => {
  test('lists by namespace, then name, and finds each object', () => {
    const store = createStore();
    const objects = [object('Service', 'b', 'a'), object('Service', 'a', 'b'), object('Service', 'a', 'a')];
    store.apply(objects.map(upsert));
    const snapshot = store.snapshot();
    expect(snapshot.list('Service').map(({ metadata: m }) => `${m.namespace}/${m.name}`)).toEqual([
      'a/a',
      'a/b',
      'b/a',
    ]);
    for (const one of objects) expect(snapshot.get('Service', one.metadata.namespace, one.metadata.name)).toBe(one);
    expect(snapshot.get('Service', 'a', 'c')).toBeUndefined();
    expect(snapshot.list('Secret')).toEqual([]);
  });

  test('stays as it was, and the next shares every kind that did not change', () => {
    const store = createStore();
    const [service, secret] = [object('Service', 'a', 'a'), object('Secret', 'a', 'a')];
    store.apply([upsert(service), upsert(secret)]);
    const before = store.snapshot();
    expect(store.apply([remove(secret)])).toBe(true);
    const after = store.snapshot();
    expect(before.get('Secret', 'a', 'a')).toBe(secret);
    expect(after.get('Secret', 'a', 'a')).toBeUndefined();
    expect(after.list('Service')).toBe(before.list('Service'));
    expect(after.version).toBe(before.version + 1);
  });

  test('is the same one after changes that change nothing', () => {
    const store = createStore();
    const service = object('Service', 'a', 'a');
    store.apply([upsert(service)]);
    const before = store.snapshot();
    expect(store.apply([upsert(service), remove(object('Service', 'a', 'none'))])).toBe(false);
    expect(store.apply([remove(service), upsert(service)])).toBe(false);
    expect(store.snapshot()).toBe(before);
  });
});

describe('EndpointSlices of a Service', () => {
  test('are found by label, sorted by name, and move when the label does', () => {
    const store = createStore();
    const [a, b, other] = [slice('a', 'web'), slice('b', 'web'), slice('c', 'api')];
    store.apply([upsert(b), upsert(a), upsert(other)]);
    const before = store.snapshot();
    expect(before.slicesOf('shop', 'web')).toEqual([a, b]);
    const moved = slice('a', 'api');
    store.apply([upsert(moved)]);
    const after = store.snapshot();
    expect([after.slicesOf('shop', 'web'), after.slicesOf('shop', 'api')]).toEqual([[b], [moved, other]]);
    expect(before.slicesOf('shop', 'web')).toEqual([a, b]);
    store.apply([remove(b)]);
    expect(store.snapshot().slicesOf('shop', 'web')).toEqual([]);
    expect(store.snapshot().slicesOf('shop', 'api')).toBe(after.slicesOf('shop', 'api'));
    expect(store.snapshot().slicesOf('none', 'web')).toEqual([]);
  });
});

test('any sequence of batches gives what a plain map gives', () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const store = createStore();
  const model = new Map<string, KubeObject>();
  for (let round = 0; round < 300; round++) {
    const changes: Change[] = [];
    for (let i = random(round % 3 === 0 ? 60 : 4); i >= 0; i--) {
      const one = slice(`n${random(80)}`, `s${random(5)}`);
      const gone = random(3) === 0;
      changes.push(gone ? remove(one) : upsert(one));
      if (gone) model.delete(one.metadata.name);
      else model.set(one.metadata.name, one);
    }
    store.apply(changes);
    const expected = [...model.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    const snapshot = store.snapshot();
    expect(snapshot.list('EndpointSlice')).toEqual(expected);
    for (const service of ['s0', 's1', 's2', 's3', 's4']) {
      const own = expected.filter((one) => one.metadata.labels['kubernetes.io/service-name'] === service);
      expect(snapshot.slicesOf('shop', service)).toEqual(own);
    }
  }
});
