/** What the Lease of a gateway pod says, and how it is written down. Used by `pods.ts`. */
import { ComponentLabel, InstanceLabel, type Lease, microTime } from './lease-object.ts';
import type { Versions } from './versions.ts';

export interface Pod {
  readonly namespace: string;
  readonly name: string;
  /** One of each family at most. */
  readonly ips: readonly string[];
  /** `''` if it is not known. */
  readonly node: string;
}

export interface PodState {
  /** Takes traffic: counts in quorum, and in the EndpointSlices of Gateways. */
  readonly ready: boolean;
  /** Every worker serves what the API server had up to here. */
  readonly acknowledged: Versions;
}

export const PodSelector = `${ComponentLabel}=pod`;

const IP = 'gateway.suuupra.io/pod-ip';
const Ready = 'gateway.suuupra.io/ready';
const Node = 'gateway.suuupra.io/node';
const Acknowledged = 'gateway.suuupra.io/acknowledged';

/** For a server-side apply. @param instance of the installation @param silence ms after which the pod is taken for gone */
export function buildPodLease(
  { namespace, name, ips, node }: Pod,
  { ready, acknowledged }: PodState,
  { instance, now, silence }: { readonly instance: string; readonly now: Date; readonly silence: number },
): Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name,
      namespace,
      labels: { [ComponentLabel]: 'pod', [InstanceLabel]: instance },
      annotations: {
        [IP]: ips.join(),
        [Ready]: String(ready),
        [Node]: node,
        [Acknowledged]: JSON.stringify(acknowledged),
      },
    },
    spec: { holderIdentity: name, leaseDurationSeconds: silence / 1000, renewTime: microTime(now) },
  };
}

/** Pods of older versions say nothing of their installation: while one is updated they still count. */
export function isOfInstance({ metadata }: Lease, instance: string): boolean {
  return (metadata.labels?.[InstanceLabel] ?? instance) === instance;
}

/** Whatever somebody may have written into it: what cannot be read says nothing. */
export function readPodLease({ metadata }: Lease, namespace: string): { readonly pod: Pod; readonly state: PodState } {
  const annotations = metadata.annotations ?? {};
  const ips = (annotations[IP] ?? '').split(',').filter((ip) => ip !== '');
  return {
    pod: { namespace, name: metadata.name, ips, node: annotations[Node] ?? '' },
    state: {
      ready: annotations[Ready] === 'true' && ips.length > 0,
      acknowledged: versionsOf(annotations[Acknowledged] ?? '{}'),
    },
  };
}

function versionsOf(text: string): Versions {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch {
    return {};
  }
}
