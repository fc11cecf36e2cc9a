/** The routes on which an origin's faults are played, and what each may lose. Used by `scenarios/origin-faults.ts`. */
import { baseManifests, endpointSlice, routeManifest, service } from '../features/folder.ts';
import type { Fault } from './faults.ts';
import type { Origin } from './origin.ts';
import type { Failure } from './traffic.ts';

export interface FaultyRoute {
  readonly name: string;
  readonly host: string;
  /** Whether an idempotent request is tried again. */
  readonly retries: boolean;
  /** Whether few connections and a short queue make it answer 503 while an origin is slow. */
  readonly tight: boolean;
  /** YAML. */
  readonly backend: string;
}

/** An attempt on a silent origin is given up after this. */
const AttemptMillis = 800;
/** So many clients at once fit into the limits of the tight routes, whichever worker and endpoint they meet. */
export const FittingClients = 7;
const limits = 'limits: { maxConnections: 3, maxPendingRequests: 4 }';

const backend = (name: string): string => `group: gateway.suuupra.io, kind: Backend, name: ${name}`;

export const faultyRoutes: readonly FaultyRoute[] = [
  { name: 'retry', host: 'a.example.com', retries: true, tight: false, backend: 'name: pool, port: 8080' },
  { name: 'undici', host: 'b.example.com', retries: true, tight: false, backend: backend('undici') },
  { name: 'no retry', host: 'c.example.com', retries: false, tight: false, backend: 'name: pool, port: 8080' },
  { name: 'tight', host: 'd.example.com', retries: true, tight: true, backend: backend('tight') },
  { name: 'tight undici', host: 'e.example.com', retries: true, tight: true, backend: backend('tight-undici') },
];

export function faultyManifests(origins: readonly Origin[]): Readonly<Record<string, string>> {
  const ports = origins.map(({ port }) => port);
  const routes = faultyRoutes.map(({ host, retries, backend }, i) => {
    const rule = retries
      ? `retry: { attempts: 3, backoff: 10ms }, timeouts: { request: 5s, backendRequest: ${AttemptMillis}ms }`
      : `timeouts: { request: ${AttemptMillis}ms }`;
    return routeManifest(`r${i}`, `[{ backendRefs: [{ ${backend} }], ${rule} }]`, host);
  });
  return {
    'base.yaml': `${baseManifests({})}---\n${service('pool')}---\n${endpointSlice('pool', ports)}`,
    'backends.yaml': [
      decorated('undici', 'lane: Undici'),
      decorated('tight', limits),
      decorated('tight-undici', `lane: Undici, ${limits}`),
    ].join('---\n'),
    'routes.yaml': routes.join('---\n'),
  };
}

/** The same Service, otherwise connected. */
function decorated(name: string, fields: string): string {
  return `apiVersion: gateway.suuupra.io/v1alpha1
kind: Backend
metadata: { name: ${name} }
spec: { type: Service, service: { name: pool }, port: { port: 8080 }, ${fields} }
`;
}

/** `performance.now()` of a fault: when it had begun, and when it was over. */
export interface FaultSpan {
  readonly begun: number;
  readonly healed: number;
}

/** Whether no proxy could have saved it. */
export function lostByRight(failure: Failure, fault: Fault, route: FaultyRoute, { begun, healed }: FaultSpan): boolean {
  const { kind, code, method, received, from, to } = failure;
  const once = method === 'POST' || !route.retries;
  if (code === 'overloaded') return route.tight;
  // The rule's own deadline, which a request may well meet on a machine that is busy with other things.
  if (code === 'upstream-timeout' && to - from >= AttemptMillis) return once;
  if (from > (fault.refuses === true ? begun : healed)) return false;
  if (kind === 'cut') return fault.cuts === true && received > 0;
  return kind === 'error' && code === fault.code && once;
}
