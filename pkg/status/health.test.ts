import { beforeEach, describe, expect, test } from '@jest/globals';
import { FakeClock } from '../store/clock.testing.ts';
import { HealthHold, settledHealth } from './health.ts';
import type { StatusSink } from './sink.ts';
import type { ObjectStatus } from './status.ts';

const ref = (name: string) => ({ group: 'gateway.suuupra.io', kind: 'Backend', namespace: 'shop', name });
const backend = (health: string, name = 'orders'): ObjectStatus => ({
  ref: ref(name),
  generation: 1,
  status: { health, summary: {} },
  problems: [],
});

let clock: FakeClock;
let published: (readonly ObjectStatus[])[];
let sink: StatusSink;
beforeEach(() => {
  clock = new FakeClock();
  published = [];
  sink = settledHealth({ publish: (list) => void published.push(list), problems: () => undefined }, clock);
});
const words = () => published.map((list) => list.map(({ status }) => status['health']));

describe('the health of a Backend', () => {
  test('is told at once when it is new, and after it has held when it changes', () => {
    sink.publish([backend('Healthy')]);
    sink.publish([backend('Degraded')]);
    clock.advance(HealthHold - 1);
    expect(words()).toEqual([['Healthy'], ['Healthy']]);
    clock.advance(1);
    expect(words()).toEqual([['Healthy'], ['Healthy'], ['Degraded']]);
    expect(clock.waiting).toBe(0);
  });

  test('is told at once when it was not known', () => {
    sink.publish([backend('Unknown')]);
    sink.publish([backend('Healthy')]);
    expect(words()).toEqual([['Unknown'], ['Healthy']]);
  });

  test('that comes back in time was never gone', () => {
    sink.publish([backend('Healthy')]);
    sink.publish([backend('Unavailable')]);
    clock.advance(HealthHold / 2);
    sink.publish([backend('Healthy')]);
    clock.advance(HealthHold);
    expect(words()).toEqual([['Healthy'], ['Healthy'], ['Healthy']]);
  });

  test('starts to hold anew when it becomes a third word', () => {
    sink.publish([backend('Healthy')]);
    sink.publish([backend('Degraded')]);
    clock.advance(HealthHold / 2);
    sink.publish([backend('Unavailable')]);
    clock.advance(HealthHold / 2);
    expect(words().at(-1)).toEqual(['Healthy']);
    clock.advance(HealthHold / 2);
    expect(words().at(-1)).toEqual(['Unavailable']);
  });

  test('holds for each Backend alone, and an edit of another loses nothing', () => {
    const changed = backend('Degraded');
    sink.publish([backend('Healthy'), backend('Healthy', 'billing')]);
    sink.publish([changed, backend('Healthy', 'billing')]);
    clock.advance(HealthHold / 2);
    sink.publish([changed, backend('Degraded', 'billing')]);
    expect(published[2]?.[0]).toBe(published[1]?.[0]);
    clock.advance(HealthHold / 2);
    expect(words().at(-1)).toEqual(['Degraded', 'Healthy']);
    clock.advance(HealthHold / 2);
    expect(words().at(-1)).toEqual(['Degraded', 'Degraded']);
  });

  test('of other kinds is none, and the versions of the list go along', () => {
    const other = { ...backend('x'), ref: { ...ref('x'), kind: 'GatewayRoute' } };
    sink.publish([other]);
    expect(published[0]?.[0]).toBe(other);
  });
});
