/** A Service port becomes a cluster: its endpoints are those of all its EndpointSlices. */
import type { EndpointSlice, Service, ServicePort, SliceEndpoint } from '../api/core.ts';
import type { Cluster, Endpoint } from '../ir/cluster.ts';
import type { Problem } from '../status/problem.ts';
import { compareText } from './age.ts';
import { addressRefusal } from './egress.ts';
import type { World } from './world.ts';

export interface FoundEndpoints {
  readonly endpoints: readonly Endpoint[];
  /** Addresses that may not be dialled, each on its EndpointSlice. */
  readonly refused: readonly { readonly slice: EndpointSlice; readonly problem: Problem }[];
}

/** What holds for a cluster that no Backend says more about. */
export const clusterDefaults = {
  protocol: 'HTTP11',
  loadBalancer: 'RoundRobin',
  limits: { maxConnections: 1024, maxPendingRequests: 1024 },
  connectTimeout: 2_000,
  // Below the 5 s after which Node origins, the shortest of the common ones, close an idle connection.
  idleTimeout: 4_000,
  maxLifetime: 600_000,
  lane: 'Auto',
} as const satisfies Partial<Cluster>;

/** @param port of `service`, found before */
export function buildServiceCluster(service: Service, port: ServicePort, found: FoundEndpoints): Cluster {
  const { namespace, name } = service.metadata;
  return { name: `${namespace}/${name}:${port.port}`, ...clusterDefaults, endpoints: found.endpoints };
}

export function findEndpoints(service: Service, port: ServicePort, world: World): FoundEndpoints {
  const { namespace, name } = service.metadata;
  const endpoints = new Map<string, Endpoint>();
  const refused: { slice: EndpointSlice; problem: Problem }[] = [];
  for (const slice of world.slicesOf(namespace, name)) {
    // "The name of this port … must match": EndpointSlice ports are found by the name of the Service port, and their number
    // is the target, so targetPort is not asked (it may be a name that differs from pod to pod).
    const number = slice.ports.find((p) => p.name === (port.name ?? '') && p.protocol === port.protocol)?.port;
    if (number === undefined || slice.addressType === 'FQDN') continue;
    for (const [i, endpoint] of slice.endpoints.entries()) {
      const state = stateOf(endpoint, service.spec.publishNotReadyAddresses === true);
      if (state === undefined) continue;
      // "consumers … must use the first address": the others of one endpoint are the same pod (EndpointSlice, addresses).
      const [address] = endpoint.addresses;
      if (address === undefined) continue;
      const refusal = addressRefusal(address, world.egress);
      if (refusal !== undefined) {
        refused.push({ slice, problem: refusedAddress(`endpoints[${i}].addresses[0]`, address, refusal) });
        continue;
      }
      add(endpoints, { host: address, port: number, weight: 1, terminating: state === 'terminating' });
    }
  }
  return { endpoints: sortEndpoints([...endpoints.values()]), refused };
}

export function refusedAddress(path: string, address: string, refusal: string): Problem {
  return {
    path,
    reason: 'AddressRefused',
    message: `${address} ${refusal}; it is left out. Write the address that the workload has in the network`,
  };
}

export function sortEndpoints(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return endpoints.toSorted((a, b) => compareText(a.host, b.host) || a.port - b.port);
}

/**
 * "ready … A nil value should be interpreted as true"; "serving … if nil, follows ready"; KEP-1669: a terminating endpoint that
 * still serves is used when nothing else does.
 */
function stateOf({ conditions }: SliceEndpoint, all: boolean): 'ready' | 'terminating' | undefined {
  const ready = conditions.ready ?? true;
  if (conditions.terminating === true) return (conditions.serving ?? ready) || all ? 'terminating' : undefined;
  return ready || all ? 'ready' : undefined;
}

// One pod may stand in two slices while they are rebuilt: then its better state counts.
function add(endpoints: Map<string, Endpoint>, endpoint: Endpoint): void {
  const id = `${endpoint.host}|${endpoint.port}`;
  const known = endpoints.get(id);
  if (known === undefined || known.terminating) endpoints.set(id, endpoint);
}
