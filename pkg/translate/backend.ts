/** Kind Backend becomes a cluster: fixed addresses, an external name, a unix socket, or a Service with more said about it. */
import type { Backend } from '../api/backend.ts';
import type { Cluster, Endpoint, UpstreamTls } from '../ir/cluster.ts';
import type { Certificate } from '../ir/ir.ts';
import type { Problem } from '../status/problem.ts';
import { addressRefusal, hostnameAllowed } from './egress.ts';
import { clusterDefaults, findEndpoints, refusedAddress, sortEndpoints } from './service.ts';
import { translateUpstreamTls } from './upstreamtls.ts';
import type { World } from './world.ts';

export interface TranslatedBackend {
  /** undefined: it cannot be used, and the first problem says why. */
  readonly cluster: Cluster | undefined;
  readonly certificates: ReadonlyMap<string, Certificate>;
  readonly authorities: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

export function translateBackend(backend: Backend, world: World): TranslatedBackend {
  const { metadata, spec } = backend;
  const certificates = new Map<string, Certificate>();
  const authorities = new Map<string, string>();
  const problems: Problem[] = [];
  const unusable: TranslatedBackend = { cluster: undefined, certificates, authorities, problems };

  if (!world.egress.backendTypes.includes(spec.type)) {
    const message = `Backends of type ${spec.type} are not allowed here; add ${spec.type} to backendTypes in ${world.egress.grantedBy}`;
    problems.push({ path: 'spec.type', reason: 'RefNotPermitted', message });
    return unusable;
  }
  const endpoints = endpointsOf(backend, world, problems);
  if (endpoints === undefined) return unusable;

  let tls: UpstreamTls | undefined;
  if (spec.tls !== undefined && spec.tls.mode !== 'None') {
    tls = translateUpstreamTls(backend, { world, certificates, authorities, problems });
    // Never plaintext where TLS was asked for.
    if (tls === undefined) return unusable;
  }
  const cluster: Cluster = {
    name: `${metadata.namespace}/${metadata.name}${spec.port === undefined ? '' : `:${spec.port.port}`}`,
    ...clusterDefaults,
    endpoints,
    ...(tls === undefined ? {} : { tls }),
    loadBalancer: spec.loadBalancer?.type ?? clusterDefaults.loadBalancer,
    limits: { ...clusterDefaults.limits, ...spec.limits },
    lane: spec.lane,
  };
  return { cluster, certificates, authorities, problems };
}

function endpointsOf(backend: Backend, world: World, problems: Problem[]): readonly Endpoint[] | undefined {
  const { spec } = backend;
  const fail = (path: string, reason: string, message: string): undefined =>
    void problems.push({ path, reason, message });
  const port = spec.port?.port ?? 0;
  switch (spec.type) {
    case 'Static': {
      const usable: Endpoint[] = [];
      for (const [i, { address, port, weight }] of (spec.static?.endpoints ?? []).entries()) {
        const refusal = addressRefusal(address, world.egress);
        if (refusal === undefined) usable.push({ host: address, port, weight, terminating: false });
        else problems.push(refusedAddress(`spec.static.endpoints[${i}].address`, address, refusal));
      }
      return sortEndpoints(usable);
    }
    case 'ExternalHostname': {
      const hostname = spec.externalHostname?.hostname.toLowerCase() ?? '';
      if (!hostnameAllowed(hostname, world.egress)) {
        return fail(
          'spec.externalHostname.hostname',
          'RefNotPermitted',
          `${hostname} is not in egress.allowedHostnames; add it to ${world.egress.grantedBy}`,
        );
      }
      return [{ host: hostname, port, weight: 1, terminating: false }];
    }
    case 'UnixSocket':
      return [{ host: spec.unixSocket?.path ?? '', port: 0, weight: 1, terminating: false }];
    case 'Service': {
      const { namespace } = backend.metadata;
      const name = spec.service?.name ?? '';
      const service = world.get('Service', namespace, name);
      if (service === undefined)
        return fail(
          'spec.service.name',
          'BackendNotFound',
          `Service ${namespace}/${name} not found; create it or correct the name`,
        );
      const servicePort = service.spec.ports?.find((candidate) => candidate.port === port);
      if (servicePort === undefined)
        return fail(
          'spec.port.port',
          'BackendNotFound',
          `Service ${namespace}/${name} has no port ${port}; correct the port`,
        );
      const found = findEndpoints(service, servicePort, world);
      for (const { slice, problem } of found.refused) {
        problems.push({
          ...problem,
          path: 'spec.service',
          message: `EndpointSlice ${slice.metadata.name} ${problem.path}: ${problem.message}`,
        });
      }
      return found.endpoints;
    }
    default:
      return spec.type satisfies never;
  }
}
