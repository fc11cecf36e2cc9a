/** Addresses of the API server: known at once, completed from its EndpointSlices, kept while it is away. */
import { expect, test } from '@jest/globals';
import { FakeClock } from '../store/clock.testing.ts';
import { type KubeApi, KubeError } from './api.ts';
import { followApiServer } from './api-server.ts';

async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

function setUp(server: string, slices = true) {
  const state = {
    addresses: ['192.0.2.7'],
    failure: undefined as KubeError | undefined,
    asked: 0,
    changes: 0,
    errors: 0,
  };
  const api: Pick<KubeApi, 'send'> = {
    async send() {
      state.asked++;
      if (state.failure !== undefined) throw state.failure;
      return { items: [{ endpoints: [{ addresses: state.addresses }] }, { endpoints: null }] };
    },
  };
  const clock = new FakeClock();
  const follow = () =>
    followApiServer({
      api: api as KubeApi,
      server,
      slices,
      clock,
      onChange: () => state.changes++,
      onError: () => state.errors++,
    });
  return { state, clock, follow };
}

test('the address that it is spoken to at, then those behind its Service', async () => {
  const { state, clock, follow } = setUp('https://10.96.0.1:443');
  const apiServer = follow();
  expect(apiServer.addresses()).toEqual(['10.96.0.1']);
  await settled();
  expect(apiServer.addresses()).toEqual(['10.96.0.1', '192.0.2.7']);
  expect(state.changes).toBe(1);
  state.addresses = ['192.0.2.8'];
  clock.advance(300_000);
  await settled();
  expect(apiServer.addresses()).toEqual(['10.96.0.1', '192.0.2.8']);
  apiServer.close();
});

test('what is known stays while it is away, and an outage is not told at every attempt', async () => {
  const { state, clock, follow } = setUp('https://[2001:db8::1]:6443');
  const apiServer = follow();
  await settled();
  state.failure = new KubeError('no route to host', { code: 0 });
  clock.advance(300_000);
  await settled();
  clock.advance(5_000);
  await settled();
  expect(state.asked).toBe(3);
  expect(state.errors).toBe(0);
  expect(apiServer.addresses()).toEqual(['192.0.2.7', '2001:db8::1']);
  state.failure = new KubeError('no', { code: 403, reason: 'Forbidden' });
  clock.advance(5_000);
  await settled();
  expect(state.errors).toBe(1);
  apiServer.close();
});

test('nothing is asked where the slices may not be read, nor after the end', async () => {
  const { state, clock, follow } = setUp('https://kubernetes.example.com', false);
  const apiServer = follow();
  clock.advance(600_000);
  await settled();
  expect(apiServer.addresses()).toEqual([]);
  expect(state.asked).toBe(0);
  apiServer.close();
});
