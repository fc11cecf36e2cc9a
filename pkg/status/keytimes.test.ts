import { beforeEach, describe, expect, test } from '@jest/globals';
import type { APIKey } from '../api/apikey.ts';
import { FakeClock } from '../store/clock.testing.ts';
import { withKeyTimes } from './keytimes.ts';
import type { StatusSink } from './sink.ts';
import type { ObjectStatus } from './status.ts';

const start = Date.parse('2026-12-01T00:00:00Z');
const ref = { group: 'gateway.suuupra.io', kind: 'APIKey', namespace: 'shop', name: 'partner' };
const base: ObjectStatus = { ref, generation: 2, status: { observedGeneration: 2, conditions: [] }, problems: [] };
const hash = `sha256:${'0'.repeat(64)}`;

let clock: FakeClock;
let published: (readonly ObjectStatus[])[];
let spec: APIKey['spec'];
let sink: StatusSink;
beforeEach(() => {
  clock = new FakeClock();
  published = [];
  sink = withKeyTimes(
    { publish: (list) => void published.push(list), problems: () => undefined },
    { clock, now: () => new Date(start + clock.now()), apiKeyOf: () => ({ spec }) as APIKey },
  );
});

function told() {
  const { activeKeys, nextExpiry, summary, conditions } = (published.at(-1)?.[0]?.status ?? {}) as {
    activeKeys: string[];
    nextExpiry?: string;
    summary: { active: string };
    conditions: { type: string; status: string; reason: string }[];
  };
  const [active] = conditions;
  return [activeKeys.join(), nextExpiry, summary.active, `${active?.type}=${active?.status} ${active?.reason}`];
}

describe('the status of an APIKey', () => {
  test('follows keys that begin and end, without any change of an object', () => {
    spec = {
      subject: 'a',
      suspended: false,
      keys: [
        { id: 'olds', hash, expires: '2026-12-01T00:00:10Z' },
        { id: 'news', hash, notBefore: '2026-12-01T00:00:05Z', expires: '2026-12-01T00:00:20Z' },
      ],
    };
    sink.publish([base]);
    expect(told()).toEqual(['olds', '2026-12-01T00:00:10Z', '1/2', 'Active=True Active']);
    clock.advance(5_000);
    expect(told()).toEqual(['olds,news', '2026-12-01T00:00:10Z', '2/2', 'Active=True Active']);
    clock.advance(5_000);
    expect(told()).toEqual(['news', '2026-12-01T00:00:20Z', '1/2', 'Active=True Active']);
    clock.advance(10_000);
    expect(told()).toEqual(['', undefined, '0/2', 'Active=False Expired']);
    expect([published.length, clock.waiting]).toEqual([4, 0]);
  });

  test('that is to begin years from now is looked at once a day', () => {
    spec = { subject: 'a', suspended: false, keys: [{ id: 'late', hash, notBefore: '2030-01-01T00:00:00Z' }] };
    sink.publish([base]);
    expect(told()).toEqual(['', undefined, '0/1', 'Active=False NotYetValid']);
    clock.advance(86_400_000);
    expect(published).toHaveLength(2);
    expect(published[1]?.[0]).toBe(published[0]?.[0]);
  });

  test('that is suspended has no active key', () => {
    spec = { subject: 'a', suspended: true, keys: [{ id: 'olds', hash, expires: '2026-12-01T00:00:10Z' }] };
    sink.publish([base]);
    expect(told()).toEqual(['', undefined, '0/1', 'Active=False Suspended']);
    expect(clock.waiting).toBe(0);
  });

  test('is the same instance until it says something else', () => {
    spec = { subject: 'a', suspended: false, keys: [{ id: 'olds', hash }] };
    sink.publish([base]);
    sink.publish([base]);
    expect(published[1]?.[0]).toBe(published[0]?.[0]);
  });
});
