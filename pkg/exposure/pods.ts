/** Which gateway pods take traffic now. The pods' Leases say so (pkg/kube); here is only what the EndpointSlices need of it. */

export interface ReadyPod {
  readonly namespace: string;
  readonly name: string;
  /** One of each family at most. */
  readonly ips: readonly string[];
  /** Without it a Service with externalTrafficPolicy Local does not find the pod; `''` if it is not known. */
  readonly node: string;
}

export interface ReadyPods {
  /** Alive and ready, this one included; in any order. */
  list(): readonly ReadyPod[];
  /** Told whenever `list` may say something else. */
  onChange(listener: () => void): void;
}
