/** Events against an API server in memory. */
import { expect, test } from '@jest/globals';
import { FakeClock } from '../store/clock.testing.ts';
import { MemoryApiServer } from '../testkit/apiserver.ts';
import { knownCollections } from '../testkit/apiserver-kinds.ts';
import { KubeError } from './api.ts';
import { type EventFacts, EventRecorder } from './events.ts';

const warning: EventFacts = {
  subject: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace: 'shop', name: 'orders', uid: 'u1' },
  type: 'Warning',
  reason: 'BackendNotFound',
  message: 'Service shop/payments not found',
};

async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

function setUp(api = new MemoryApiServer(knownCollections()), urgent?: () => boolean) {
  const clock = new FakeClock();
  const errors: string[] = [];
  let seed = 0;
  const recorder = new EventRecorder({
    api,
    instance: 'pod-1',
    clock,
    random: () => (seed = (seed + 0.137) % 1),
    now: () => new Date(Date.UTC(2026, 10, 25) + clock.now()),
    onError: (error) => void errors.push(error.message),
    ...(urgent && { urgent }),
  });
  const pass = async (ms: number) => {
    for (let t = 0; t < ms; t += 20) {
      clock.advance(20);
      await settle();
    }
  };
  return { api, clock, recorder, errors, pass, events: () => api.list('v1/events') };
}

test('an Event says whom it is about, in the words that kubectl describe looks for', async () => {
  const { recorder, events } = setUp();
  recorder.record(warning);
  await settle();
  expect(events()).toHaveLength(1);
  expect(events()[0]).toMatchObject({
    metadata: { namespace: 'shop', name: expect.stringMatching(/^orders\.[0-9a-f]+$/) },
    involvedObject: { kind: 'Ingress', namespace: 'shop', name: 'orders', uid: 'u1' },
    type: 'Warning',
    reason: 'BackendNotFound',
    source: { component: 'suuupra-gateway' },
    count: 1,
    firstTimestamp: '2026-11-25T00:00:00Z',
  });
});

test('a repeated one counts up; one that the API server has forgotten is told anew', async () => {
  const { recorder, events, pass, api } = setUp();
  recorder.record(warning);
  await settle();
  await pass(2_000);
  recorder.record(warning);
  await settle();
  expect(events()).toMatchObject([
    { count: 2, firstTimestamp: '2026-11-25T00:00:00Z', lastTimestamp: '2026-11-25T00:00:02Z' },
  ]);
  await api.remove(events()[0]!);
  recorder.record(warning);
  await settle();
  expect(events()).toMatchObject([{ count: 1 }]);
});

test('a new leader finds what the former told, and counts on', async () => {
  const former = setUp();
  former.recorder.record(warning);
  await settle();
  former.recorder.record(warning);
  await settle();
  former.recorder.close();
  const { recorder, events, pass } = setUp(former.api);
  await pass(2_000);
  recorder.record(warning);
  await settle();
  expect(events()).toMatchObject([{ count: 2, lastTimestamp: '2026-11-25T00:00:02Z' }]);
  recorder.record(warning);
  await settle();
  expect(events()).toMatchObject([{ count: 3 }]);
});

test('those of cluster-scoped objects are in the default namespace, long messages are cut', async () => {
  const { recorder, events } = setUp();
  const subject = {
    ...warning.subject,
    kind: 'GatewayClass',
    namespace: '',
    name: `${'x'.repeat(229)}-${'x'.repeat(23)}`,
  };
  recorder.record({ ...warning, subject, message: 'y'.repeat(3_000) });
  await settle();
  const [event] = events();
  expect(event?.metadata.namespace).toBe('default');
  expect(event?.metadata.name).toMatch(/^x{229}\.[0-9a-f]{16}$/);
  expect(event?.['message']).toHaveLength(1_000);
});

test('an object gets 25 at once, then one in five minutes; others get theirs', async () => {
  const { recorder, events, pass } = setUp();
  for (let i = 0; i < 100; i++) recorder.record({ ...warning, message: `mistake ${i}` });
  recorder.record({ ...warning, subject: { ...warning.subject, uid: 'u2', name: 'other' } });
  await pass(2_000);
  expect(events()).toHaveLength(26);
  expect(recorder.dropped).toBe(75);
});

test('1,000 broken objects are told at 50 a second', async () => {
  const { recorder, events, pass } = setUp();
  for (let i = 0; i < 1_000; i++)
    recorder.record({ ...warning, subject: { ...warning.subject, uid: `u${i}`, name: `r${i}` } });
  await pass(1_000);
  expect(events().length).toBeGreaterThan(100);
  expect(events().length).toBeLessThanOrEqual(151);
  await pass(20_000);
  expect(events()).toHaveLength(1_000);
});

test('what the API server cannot take now is tried again, what it forbids is dropped and told', async () => {
  const { recorder, events, pass, api, errors } = setUp();
  api.fault = () => new KubeError('slow down', { code: 429, retryAfter: 1 });
  recorder.record(warning);
  await settle();
  api.fault = undefined;
  await pass(2_000);
  expect(events()).toHaveLength(1);
  api.fault = () => new KubeError('events is forbidden', { code: 403 });
  recorder.record({ ...warning, reason: 'Other' });
  await pass(5_000);
  expect(errors).toEqual(['events is forbidden']);
});

test('an Event waits while something urgent is written, but not for ever', async () => {
  const state = { urgent: true };
  const { recorder, events, pass } = setUp(undefined, () => state.urgent);
  recorder.record(warning);
  await pass(5_000);
  expect(events()).toHaveLength(0);
  state.urgent = false;
  await pass(300);
  expect(events()).toHaveLength(1);
  state.urgent = true;
  recorder.record({ ...warning, reason: 'InvalidSpec' });
  await pass(16_000);
  expect(events()).toHaveLength(2);
});
