/** Every kind the gateway reads, with its group and versions. */
import type { KubeObject } from './object.ts';

/** Replaced by real types, kind by kind. */
export interface Objects {
  readonly GatewayClass: KubeObject;
  readonly Gateway: KubeObject;
  readonly HTTPRoute: KubeObject;
  readonly ReferenceGrant: KubeObject;
  readonly Ingress: KubeObject;
  readonly IngressClass: KubeObject;
  readonly Service: KubeObject;
  readonly EndpointSlice: KubeObject;
  readonly Secret: KubeObject;
  readonly ConfigMap: KubeObject;
  readonly Namespace: KubeObject;
  readonly GatewayRoute: KubeObject;
  readonly Backend: KubeObject;
  readonly GatewayClassConfig: KubeObject;
}

export type Kind = keyof Objects;
export type ObjectOf<K extends Kind> = Objects[K];
