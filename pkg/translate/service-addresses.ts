/** The addresses that a Gateway has by its Service, and why it has none. */
import { isIP } from 'node:net';
import type { Service } from '../api/core.ts';
import type { Gateway } from '../api/gatewayapi.ts';
import type { Problem } from '../status/problem.ts';
import { AnyAddress, type Assignment, MaxPublished, type PublishedAddress, unsupportedType } from './addresses.ts';
import { internalPorts, isOurs, ManagedBy, ManagedByLabel, serviceNameOf } from './gateway-service.ts';

/**
 * @param service of the Gateway's Service name, if there is one
 * @param refusal why the API server took no such Service, or `''`
 */
export function assignByService(gateway: Gateway, service: Service | undefined, refusal: string): Assignment {
  const unsupported = unsupportedType(gateway);
  if (unsupported !== undefined) return { addresses: [], published: [], problem: unsupported };
  const id = `${gateway.metadata.namespace}/${serviceNameOf(gateway.metadata)}`;
  const failed = (reason: string, message: string): Problem => ({ path: 'spec.addresses', reason, message });
  if (service === undefined || !isOurs(service)) {
    const found =
      service === undefined
        ? 'is being made'
        : `exists and is not the gateway's (label ${ManagedByLabel}: ${ManagedBy}); rename or delete it`;
    const message =
      refusal === '' || service !== undefined ? `Service ${id} ${found}` : `Service ${id} cannot be made: ${refusal}`;
    return { addresses: [], published: [], problem: failed('AddressNotAssigned', message) };
  }
  const published = publishedBy(service);
  const problem =
    stale(refusal, gateway, published, id) ??
    staticProblem(gateway, published, service) ??
    missing(published, service, id);
  return {
    addresses: [AnyAddress],
    published: published.slice(0, MaxPublished),
    ports: internalPorts(service),
    note: noteOf(service),
    ...(problem === undefined ? {} : { problem }),
  };
}

/** The Service stands, but not as it should be. */
function stale(
  refusal: string,
  gateway: Gateway,
  published: readonly PublishedAddress[],
  id: string,
): Problem | undefined {
  if (refusal === '') return undefined;
  const asked = staticAddress(gateway);
  const has = published.some(({ value }) => asked === '' || value === asked);
  return {
    path: 'spec.addresses',
    reason: has ? 'NoResources' : asked === '' ? 'AddressNotAssigned' : 'AddressNotUsable',
    message: `Service ${id} cannot be changed as it should be: ${refusal}`,
  };
}

/** What a Service is reached at. A node port is none: it is another port than the listener's. */
export function publishedBy({ spec, status }: Service): readonly PublishedAddress[] {
  if (spec.type !== 'LoadBalancer') {
    const addresses = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP]);
    return addresses.filter((ip) => isIP(ip) !== 0).map((value) => ({ type: 'IPAddress', value }));
  }
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip = '', hostname = '' }): readonly PublishedAddress[] => {
    if (ip !== '') return [{ type: 'IPAddress', value: ip }];
    return hostname === '' ? [] : [{ type: 'Hostname', value: hostname }];
  });
}

/** The address that the Service is to ask for: a Service takes one. `''` for any. */
export function staticAddress({ spec }: Gateway): string {
  return spec.addresses?.find(({ type, value }) => type === 'IPAddress' && value !== undefined)?.value ?? '';
}

function staticProblem(
  gateway: Gateway,
  published: readonly PublishedAddress[],
  { spec, metadata }: Service,
): Problem | undefined {
  const first = staticAddress(gateway);
  for (const [i, { value }] of (gateway.spec.addresses ?? []).entries()) {
    if (value === undefined || published.some((address) => address.value === value)) continue;
    const who = spec.type === 'LoadBalancer' ? 'its load balancer has' : 'the cluster has';
    const message =
      value === first
        ? `${value} was asked for by Service ${metadata.namespace}/${metadata.name}, and ${who} not given it; use an address that it may give, or remove the entry to get one`
        : `${value} cannot be used: a Service asks for one address, which is ${first}; remove this entry, or ask for both by an annotation of your load balancer (spec.infrastructure.annotations)`;
    return { path: `spec.addresses[${i}].value`, reason: 'AddressNotUsable', message };
  }
  return undefined;
}

function missing(published: readonly PublishedAddress[], { spec }: Service, id: string): Problem | undefined {
  if (published.length > 0) return undefined;
  const message =
    spec.type === 'LoadBalancer'
      ? `Service ${id} has no address of a load balancer yet; see its events. A cluster without one can use NodePort or ClusterIP (GatewayClassConfig, spec.service.type)`
      : `Service ${id} has no cluster address yet`;
  return { path: 'spec.addresses', reason: 'AddressNotAssigned', message };
}

function noteOf({ spec }: Service): string {
  if (spec.type !== 'NodePort') return '';
  const ports = (spec.ports ?? []).filter(({ nodePort = 0 }) => nodePort > 0);
  return ports.length === 0 ? '' : `on every node ${ports.map((p) => `port ${p.port} is ${p.nodePort}`).join(', ')}`;
}
