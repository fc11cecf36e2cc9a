/** The Service and the EndpointSlices of a Gateway, as they are applied. Pure. */
import { isIPv6 } from 'node:net';
import type { ServiceExposure } from '../translate/exposure.ts';
import {
  GatewayNameLabel,
  gatewayNameValue,
  ManagedBy,
  ManagedByLabel,
  serviceNameOf,
} from '../translate/gateway-service.ts';
import type { ReadyPod } from './pods.ts';
import type { PortMap } from './ports.ts';

/** A whole object for a server-side apply; fields that are absent are left to the API server and to others. */
export interface Applied {
  readonly apiVersion: string;
  readonly kind: 'Service' | 'EndpointSlice';
  readonly metadata: { readonly name: string; readonly namespace: string } & Readonly<Record<string, unknown>>;
}

/** "maximum of 1000 endpoints" (EndpointSlice) */
const SliceSize = 1000;
/** Tells the mirroring and endpoint controllers of Kubernetes that the slice is not theirs. */
const SliceManager = 'gateway.suuupra.io';

export function buildService(exposure: ServiceExposure, ports: PortMap): Applied {
  const { settings, address } = exposure;
  const { type, loadBalancerClass, externalTrafficPolicy, ipFamilyPolicy } = settings;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataOf(exposure, serviceNameOf(exposure), {}),
    spec: {
      type,
      ...(loadBalancerClass === undefined ? {} : { loadBalancerClass }),
      ...(externalTrafficPolicy === undefined ? {} : { externalTrafficPolicy }),
      ...(ipFamilyPolicy === undefined ? {} : { ipFamilyPolicy }),
      // Not externalIPs: whoever may set those can take traffic meant for any other address (CVE-2020-8554).
      ...(address === '' ? {} : type === 'LoadBalancer' ? { loadBalancerIP: address } : { clusterIP: address }),
      ports: [...ports]
        .sort(([a], [b]) => a - b)
        .map(([port, targetPort]) => ({ name: portName(port), protocol: 'TCP', port, targetPort })),
    },
  } as Applied;
}

/** One of each address family that pods have; more where there are more than 1,000 pods. */
export function buildSlices(exposure: ServiceExposure, ports: PortMap, pods: readonly ReadyPod[]): readonly Applied[] {
  const service = serviceNameOf(exposure);
  const sorted = pods.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const families = [
    { addressType: 'IPv4', isOf: (ip: string) => !isIPv6(ip) },
    { addressType: 'IPv6', isOf: isIPv6 },
  ];
  return families.flatMap(({ addressType, isOf }) => {
    const endpoints = sorted.flatMap((pod) => pod.ips.filter(isOf).map((ip) => endpointOf(pod, ip)));
    const parts = Array.from({ length: Math.ceil(endpoints.length / SliceSize) }, (_, i) => i);
    return parts.map((part) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice' as const,
      metadata: metadataOf(exposure, `${service}-${addressType.toLowerCase()}${part === 0 ? '' : `-${part}`}`, {
        'kubernetes.io/service-name': service,
        'endpointslice.kubernetes.io/managed-by': SliceManager,
      }),
      addressType,
      endpoints: endpoints.slice(part * SliceSize, (part + 1) * SliceSize),
      ports: [...ports]
        .sort(([a], [b]) => a - b)
        .map(([port, internal]) => ({ name: portName(port), protocol: 'TCP', port: internal })),
    }));
  });
}

function endpointOf({ namespace, name, node }: ReadyPod, ip: string): object {
  return {
    addresses: [ip],
    conditions: { ready: true, serving: true, terminating: false },
    ...(node === '' ? {} : { nodeName: node }),
    targetRef: { kind: 'Pod', namespace, name },
  };
}

/** Our labels over all others: without them the object would no longer be ours to change. */
function metadataOf(
  { namespace, name, uid, settings }: ServiceExposure,
  ownName: string,
  labels: Readonly<Record<string, string>>,
): Applied['metadata'] {
  return {
    name: ownName,
    namespace,
    labels: {
      ...settings.labels,
      ...labels,
      [GatewayNameLabel]: gatewayNameValue(name),
      [ManagedByLabel]: ManagedBy,
    },
    ...(Object.keys(settings.annotations).length === 0 ? {} : { annotations: settings.annotations }),
    // No blockOwnerDeletion: it would need a right on the Gateway's finalizers.
    ownerReferences: [{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', name, uid, controller: true }],
  };
}

function portName(port: number): string {
  return `p${port}-tcp`;
}
