/** Gateways and ListenerSets as routes see them: what attach, the Ingress translator and statuses read of a Gateway that was translated earlier in the run. */
import type { LabelSelector } from '../api/selector.ts';
import type { PublishedAddress } from './addresses.ts';

export interface AttachableGateway {
  /** Of the object that has the listeners. A ListenerSet is a parent of its own: routes of the Gateway are not attached to its listeners. */
  readonly kind: 'Gateway' | 'ListenerSet';
  readonly namespace: string;
  readonly name: string;
  /** False: not ours to serve at all (Accepted False); its listeners still take part in attachment, since routes report on them. */
  readonly accepted: boolean;
  /** What the Gateway is bound to: IP addresses, or `*`. Empty if it has no usable address. */
  readonly addresses: readonly string[];
  /** Where clients reach it. */
  readonly published: readonly PublishedAddress[];
  /** "meaning it will dynamically and implicitly have Routes attached to it": those with useDefaultGateways. */
  readonly isDefault: boolean;
  /** In the order of the spec. */
  readonly listeners: readonly AttachableListener[];
}

export interface AttachableListener {
  /** Id in `Ir.listeners`: `namespace/gateway/listener`, or `namespace/gateway/namespace/set/listener`. */
  readonly id: string;
  readonly name: string;
  /** The spec's port. */
  readonly port: number;
  /** As in the spec; only HTTP and HTTPS can serve. */
  readonly protocol: string;
  /** Lower case without trailing dot; `''` any. */
  readonly hostname: string;
  /** Whether it is in the IR. Routes attach and are counted either way (Gateway API: attachedRoutes). */
  readonly serves: boolean;
  /** Why it does not serve, for statuses; `''` if it does. */
  readonly fault: string;
  /** Route kinds it takes: `HTTPRoute`, `GatewayRoute`. */
  readonly kinds: readonly string[];
  readonly namespaces: AllowedNamespaces;
}

export type AllowedNamespaces =
  | { readonly from: 'All' | 'Same' | 'None' }
  | { readonly from: 'Selector'; readonly selector: LabelSelector };
