/** Resolves a backendRef (rules, mirrors, Ingress backends) to a cluster, or to the problem that makes its share of the requests a 500. */
import type { Service, ServicePort } from '../api/core.ts';
import { OUR_GROUP } from '../api/kinds.ts';
import type { KubeObject } from '../api/object.ts';
import type { Problem } from '../status/problem.ts';
import { translateBackend } from './backend.ts';
import type { ClusterRef } from './draft.ts';

import { grantMissing, referenceAllowed } from './referencegrant.ts';
import type { World } from './world.ts';

export interface BackendRef {
  /** Default: core, `''`. */
  readonly group?: string;
  /** Default: Service. */
  readonly kind?: string;
  /** Default: that of the object that refers. */
  readonly namespace?: string;
  readonly name: string;
  /** A number, or (Ingress) the name of a Service port. Not needed for a Backend, which has one port. */
  readonly port?: number | string;
}

export type FoundBackend =
  | { readonly id: string; readonly cluster: ClusterRef; readonly problem?: undefined }
  | { readonly id?: undefined; readonly cluster?: undefined; readonly problem: Problem };

/** @param path where the reference stands, for messages */
export function resolveBackend(from: KubeObject, ref: BackendRef, path: string, world: World): FoundBackend {
  const { group = '', kind = 'Service', namespace = from.metadata.namespace, name } = ref;
  const failed = (reason: string, message: string): FoundBackend => ({ problem: { path, reason, message } });

  const isService = group === '' && kind === 'Service';
  const isBackend = group === OUR_GROUP && kind === 'Backend';
  if (!isService && !isBackend) {
    const full = group === '' ? kind : `${kind}.${group}`;
    return failed(
      'InvalidKind',
      `${full} cannot be a backend; write kind: Service, or kind: Backend with group: ${OUR_GROUP}`,
    );
  }
  // The grant is asked before the object, so that nobody learns what exists in a foreign namespace.
  const target = { group, kind, namespace, name };
  if (!referenceAllowed(from, target, world)) return failed('RefNotPermitted', grantMissing(from, target));

  if (isBackend) {
    const backend = world.get('Backend', namespace, name);
    if (backend === undefined) return failed('BackendNotFound', missing('Backend', namespace, name));
    const { problems, cluster } = translateBackend(backend, world);
    if (cluster === undefined) {
      // Those before it only say what is left out.
      const fatal = problems.at(-1);
      return failed(
        fatal?.reason ?? 'BackendNotFound',
        `Backend ${namespace}/${name} cannot be used: ${fatal?.path}: ${fatal?.message}`,
      );
    }
    return found({ kind: 'Backend', namespace, name, port: backend.spec.port?.port ?? 0 });
  }

  const service = world.get('Service', namespace, name);
  if (service === undefined) return failed('BackendNotFound', missing('Service', namespace, name));
  if (service.spec.type === 'ExternalName') {
    return failed(
      'BackendNotFound',
      `Service ${namespace}/${name} is of type ExternalName, which is not followed; write a Backend of type ExternalHostname and refer to it`,
    );
  }
  const port = findPort(service, ref.port);
  if (port === undefined) return failed('BackendNotFound', noPort(service, ref.port));
  if (port.protocol !== 'TCP') {
    return failed(
      'UnsupportedProtocol',
      `port ${port.port} of Service ${namespace}/${name} is ${port.protocol}; HTTP needs a TCP port`,
    );
  }
  const protocol = port.appProtocol;
  if (protocol !== undefined && !servable(protocol)) {
    return failed(
      'UnsupportedProtocol',
      `port ${port.port} of Service ${namespace}/${name} has appProtocol ${protocol}, which this release does not speak to backends; use http or kubernetes.io/ws, or for TLS a Backend with spec.tls`,
    );
  }
  return found({ kind: 'Service', namespace, name, port: port.port });
}

export function clusterId({ kind, namespace, name, port }: ClusterRef): string {
  return `${kind}/${namespace}/${name}:${port}`;
}

function found(cluster: ClusterRef): FoundBackend {
  return { id: clusterId(cluster), cluster };
}

function missing(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name} not found; create it or correct the name`;
}

function findPort(service: Service, port: number | string | undefined): ServicePort | undefined {
  return service.spec.ports?.find((candidate) =>
    typeof port === 'string' ? candidate.name === port : candidate.port === port,
  );
}

function noPort(service: Service, port: number | string | undefined): string {
  const id = `${service.metadata.namespace}/${service.metadata.name}`;
  const ports = (service.spec.ports ?? []).map((p) =>
    p.name === undefined ? String(p.port) : `${p.port} (${p.name})`,
  );
  const has = ports.length === 0 ? 'no ports' : `${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')}`;
  return port === undefined
    ? `a Service needs a port; Service ${id} has ${has}`
    : `Service ${id} has no port ${port}, but ${has}; correct the port`;
}

// kubernetes.io/ws needs nothing of the gateway: a WebSocket starts as HTTP/1.1. Unprefixed names are IANA service names (KEP-1422).
function servable(appProtocol: string): boolean {
  return !['kubernetes.io/h2c', 'kubernetes.io/wss', 'https', 'http2', 'h2c', 'h2', 'grpc', 'grpcs'].includes(
    appProtocol.toLowerCase(),
  );
}
