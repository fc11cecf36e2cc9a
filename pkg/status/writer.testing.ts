/** What the tests of the writer share: routes and their statuses, and a writer at an API server in memory. */
import { FakeClock } from '../store/clock.testing.ts';
import { MemoryApiServer } from '../testkit/apiserver.ts';
import { knownCollections } from '../testkit/apiserver-kinds.ts';
import type { Quorum } from './quorum.ts';
import type { Standings } from './standings.ts';
import type { ObjectStatus } from './status.ts';
import { createStatusWriter } from './writer.ts';

export const ours = 'gateway.suuupra.io/controller';
export const route = (name: string, backend = 'a') => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name, namespace: 'shop' },
  spec: { rules: [{ backendRefs: [{ name: backend, port: 80 }] }] },
});
export const condition = (status: string, message = '') => ({
  type: 'Accepted',
  status,
  reason: 'Accepted',
  message,
  observedGeneration: 1,
});
export const parent = (controllerName: string, status: string, message = '') => ({
  parentRef: { name: 'gw' },
  controllerName,
  conditions: [condition(status, message)],
});

export function statusOf(name: string, state: string, generation = 1): ObjectStatus {
  const ref = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop', name };
  return { ref, generation, status: { parents: [parent(ours, state)] }, problems: [] };
}

export async function settled(): Promise<void> {
  for (let i = 0; i < 1_000; i++) await Promise.resolve();
}

export function setUp({
  api = new MemoryApiServer(knownCollections()),
  quorum,
  standings,
}: {
  api?: MemoryApiServer;
  quorum?: Quorum;
  standings?: Standings;
} = {}) {
  const clock = new FakeClock();
  const state = { leading: true, second: 0 };
  const listeners: (() => void)[] = [];
  const errors: string[] = [];
  const writer = createStatusWriter({
    api,
    controller: ours,
    ...(quorum && { quorum }),
    ...(standings && { standings }),
    leadership: { leading: () => state.leading, onChange: (listener) => void listeners.push(listener) },
    clock,
    random: () => 0.5,
    uidOf: ({ name }) =>
      api.get('gateway.networking.k8s.io/v1/httproutes', 'shop', name)?.metadata['uid'] as string | undefined,
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
  const pass = async (ms: number, step = 100) => {
    for (let t = 0; t < ms; t += step) {
      await settled();
      clock.advance(step);
    }
    await settled();
  };
  return { api, clock, state, writer, read, writes, lead, errors, pass };
}

/** As somebody else writes a status. */
export async function patch(api: MemoryApiServer, name: string, status: object): Promise<void> {
  const path = `/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/${name}/status`;
  await api.send({ method: 'PATCH', path, body: { status }, contentType: 'application/merge-patch+json' });
}
