/** What vanishes all at once is kept for a while; what is deleted one by one is not. */
import { expect, test } from '@jest/globals';
import type { KubeObject } from '../api/object.ts';
import { FakeClock } from '../store/clock.testing.ts';
import { HoldingSource } from './hold.ts';
import { MemorySink } from './source.testing.ts';
import type { Change, SourceSink } from './source.ts';

function object(kind: string, name: string): KubeObject {
  const group =
    kind === 'HTTPRoute' ? 'gateway.networking.k8s.io/v1' : kind === 'EndpointSlice' ? 'discovery.k8s.io/v1' : 'v1';
  const metadata = { name, namespace: 'shop', generation: 1, labels: {}, annotations: {} };
  return { apiVersion: group, kind, metadata };
}

function add(kind: string, ...names: string[]): Change[] {
  return names.map((name) => ({ kind: 'upsert', object: object(kind, name) }));
}

function remove(kind: string, ...names: string[]): Change[] {
  return names.map((name) => ({ kind: 'remove', ref: { group: '', kind, namespace: 'shop', name } }));
}

function miss(kind: string, ...names: string[]): Change[] {
  return remove(kind, ...names).map((change) => ({ ...change, missed: true }) as Change);
}

async function setUp(hold = 30_000) {
  const clock = new FakeClock();
  const store = new MemorySink();
  const state = { leaving: new Set<string>(), asked: 0, told: [] as string[] };
  let from: SourceSink = store;
  const source = new HoldingSource(
    {
      start: async (sink) => {
        from = sink;
      },
      close: async () => {},
    },
    {
      hold,
      clock,
      isLeaving: async (kind) => {
        state.asked++;
        return state.leaving.has(kind);
      },
      onChange: (held, released) => state.told.push(`${JSON.stringify([...held])} ${released}`),
    },
  );
  await source.start(store);
  const give = async (...changes: Change[]) => {
    from.apply(changes);
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  return { clock, state, give, source, names: () => [...store.objects.keys()].join(' ') };
}

test('a deleted CRD keeps its objects, and what they need, until the time is over', async () => {
  const { clock, state, give, names } = await setUp();
  await give(...add('HTTPRoute', 'a', 'b'), ...add('EndpointSlice', 's'), ...add('Service', 'x'));
  state.leaving.add('HTTPRoute');
  await give(...remove('HTTPRoute', 'a'), ...remove('EndpointSlice', 's'));
  await give(...remove('HTTPRoute', 'b'), ...remove('Service', 'x'));
  expect(names()).toBe('HTTPRoute/a HTTPRoute/b EndpointSlice/s');
  clock.advance(29_999);
  expect(names()).toBe('HTTPRoute/a HTTPRoute/b EndpointSlice/s');
  clock.advance(1);
  expect(names()).toBe('');
  expect(state.told).toEqual(['[["HTTPRoute",1]] 0', '[["HTTPRoute",2]] 0', '[] 2']);
});

test('objects that come back end the hold, with what was kept for them', async () => {
  const { clock, state, give, names } = await setUp();
  await give(...add('HTTPRoute', 'a', 'b'), ...add('EndpointSlice', 's', 't'));
  state.leaving.add('HTTPRoute');
  await give(...remove('HTTPRoute', 'a', 'b'), ...remove('EndpointSlice', 's', 't'));
  state.leaving.clear();
  await give(...add('HTTPRoute', 'a', 'b'), ...add('EndpointSlice', 's'));
  expect(names()).toBe('HTTPRoute/a HTTPRoute/b EndpointSlice/s');
  expect(clock.waiting).toBe(0);
  await give(...remove('HTTPRoute', 'a'));
  expect(names()).toBe('HTTPRoute/b EndpointSlice/s');
});

test('deletions by hand go at once, all of them too, in the order of the changes', async () => {
  const { clock, state, give, names } = await setUp();
  await give(...add('HTTPRoute', 'a', 'b', 'c'), ...add('Service', 'x'));
  await give(...remove('HTTPRoute', 'a', 'b', 'c'), ...remove('Service', 'x'));
  await give(...add('HTTPRoute', 'a'));
  expect(names()).toBe('HTTPRoute/a');
  expect(state.asked).toBe(1);
  clock.advance(1000);
  await give(...remove('HTTPRoute', 'a'));
  expect(state.asked).toBe(2);
  expect(names()).toBe('');
});

test.each([
  ['more than half', ['a', 'b', 'c'], 'Service/a Service/b Service/c Service/d'],
  ['half', ['a', 'b'], 'Service/c Service/d'],
])('a list that misses %s of a kind', async (_, missing, left) => {
  const { clock, give, names } = await setUp();
  await give(...add('Service', 'a', 'b', 'c', 'd'));
  await give(...miss('Service', ...missing));
  expect(names()).toBe(left);
  clock.advance(30_000);
  expect(names()).toBe(
    ['a', 'b', 'c', 'd']
      .filter((n) => !missing.includes(n))
      .map((n) => `Service/${n}`)
      .join(' '),
  );
});

test('without a time nothing is held, and nobody asked', async () => {
  const { state, give, names } = await setUp(0);
  await give(...add('HTTPRoute', 'a'));
  state.leaving.add('HTTPRoute');
  await give(...remove('HTTPRoute', 'a'));
  expect(names()).toBe('');
  expect(state.asked).toBe(0);
});

test('a source that is closed meanwhile says nothing more', async () => {
  const { clock, state, give, source, names } = await setUp();
  await give(...add('HTTPRoute', 'a'));
  state.leaving.add('HTTPRoute');
  await give(...remove('HTTPRoute', 'a'));
  await source.close();
  clock.advance(60_000);
  expect(names()).toBe('HTTPRoute/a');
});
