/** Leases of coordination.k8s.io as the gateway writes them: that of the leader, and one for each pod. */
import type { Resource } from './resource.ts';

export interface Lease {
  readonly apiVersion: 'coordination.k8s.io/v1';
  readonly kind: 'Lease';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly resourceVersion?: string;
    readonly uid?: string;
  };
  readonly spec: {
    /** `''`: nobody. */
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** All of our Leases carry it, with what they are for. */
export const ComponentLabel = 'gateway.suuupra.io/component';

/** The installation that a Lease belongs to (`--instance`): several may share a namespace. */
export const InstanceLabel = 'gateway.suuupra.io/instance';

export const leases: Resource = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' };

/** metav1.MicroTime: `2026-11-25T10:00:00.123000Z` */
export function microTime(time: Date = new Date()): string {
  return `${time.toISOString().slice(0, -1)}000Z`;
}
