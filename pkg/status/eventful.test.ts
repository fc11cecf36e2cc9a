/** When news is told, and by whom. */
import { expect, test } from '@jest/globals';
import { FakeClock } from '../store/clock.testing.ts';
import { createEventful } from './eventful.ts';
import type { ObjectStatus } from './status.ts';

const ref = { group: 'networking.k8s.io', kind: 'Ingress', namespace: 'shop', name: 'web' };
const missing = { path: 'spec.rules[0]', reason: 'BackendNotFound', message: 'Service not found' };

function ingress(...problems: ObjectStatus['problems']): ObjectStatus {
  return { ref, generation: 1, status: { loadBalancer: {} }, problems };
}

function setUp() {
  const clock = new FakeClock();
  const lines: string[] = [];
  const state = { leads: true, uid: 'u1', created: '2026-11-25T10:00:00Z' };
  const listeners: (() => void)[] = [];
  const eventful = createEventful({
    record: ({ subject, type, reason }) => lines.push(`${subject.uid} ${type} ${reason}`),
    leadership: { leading: () => state.leads, onChange: (listener) => void listeners.push(listener) },
    objectOf: () => ({
      apiVersion: 'networking.k8s.io/v1',
      metadata: {
        name: 'web',
        namespace: 'shop',
        generation: 1,
        labels: {},
        annotations: {},
        uid: state.uid,
        creationTimestamp: state.created,
      },
    }),
    clock,
    now: () => new Date('2026-11-25T10:00:10Z'),
  });
  const lead = (leads: boolean) => {
    state.leads = leads;
    for (const listener of listeners) listener();
  };
  return { eventful, clock, lines, state, lead };
}

test('what passes within a moment is no news', () => {
  const { eventful, clock, lines } = setUp();
  eventful.publish([ingress(missing)]);
  clock.advance(1_000);
  eventful.publish([ingress()]);
  clock.advance(1_000);
  expect(lines).toEqual(['u1 Normal Accepted']);
});

test('a problem is told when it comes and when it comes back', () => {
  const { eventful, clock, lines } = setUp();
  for (const status of [ingress(missing), ingress(missing), ingress(), ingress(missing)]) {
    eventful.publish([status]);
    clock.advance(2_000);
  }
  expect(lines).toEqual(['u1 Warning BackendNotFound', 'u1 Normal Accepted', 'u1 Warning BackendNotFound']);
});

test('an object of the same name is another one', () => {
  const { eventful, clock, lines, state } = setUp();
  const status = ingress(missing);
  eventful.publish([status]);
  clock.advance(2_000);
  state.uid = 'u2';
  eventful.publish([status]);
  clock.advance(2_000);
  expect(lines).toEqual(['u1 Warning BackendNotFound', 'u2 Warning BackendNotFound']);
});

test('only the leader tells; who takes over tells what is wrong, and welcomes nobody who was there before', () => {
  const { eventful, clock, lines, state, lead } = setUp();
  lead(false);
  state.created = '2026-11-20T10:00:00Z';
  eventful.publish([ingress()]);
  clock.advance(60_000);
  expect(lines).toEqual([]);
  lead(true);
  clock.advance(2_000);
  expect(lines).toEqual([]);
  lead(false);
  eventful.publish([ingress(missing)]);
  lead(true);
  clock.advance(2_000);
  expect(lines).toEqual(['u1 Warning BackendNotFound']);
});

test('a broken Ingress is told of every half hour, a route has its conditions', () => {
  const { eventful, clock, lines } = setUp();
  const route: ObjectStatus = {
    ref: { ...ref, kind: 'HTTPRoute' },
    generation: 1,
    status: { parents: [] },
    problems: [{ ...missing, reason: 'NoMatchingParent' }],
  };
  eventful.publish([ingress(missing), route]);
  clock.advance(61 * 60_000);
  expect(lines.filter((line) => line.includes('BackendNotFound'))).toHaveLength(3);
  expect(lines.filter((line) => line.includes('NoMatchingParent'))).toHaveLength(1);
  eventful.close();
  expect(clock.waiting).toBe(0);
});
