/** Every kind the gateway reads: its type, group, versions and scope. */
import type { APIKey } from './apikey.ts';
import type { Backend } from './backend.ts';
import type { ConfigMap, EndpointSlice, Ingress, IngressClass, Namespace, Secret, Service } from './core.ts';
import type { Gateway, GatewayClass, ListenerSet, ReferenceGrant } from './gatewayapi.ts';
import type { GatewayClassConfig } from './gatewayclassconfig.ts';
import type { GatewayPolicy } from './gatewaypolicy.ts';
import type { GatewayRoute } from './gatewayroute.ts';
import type { HTTPRoute } from './httproute.ts';

export interface Objects {
  readonly GatewayClass: GatewayClass;
  readonly Gateway: Gateway;
  readonly ListenerSet: ListenerSet;
  readonly HTTPRoute: HTTPRoute;
  readonly ReferenceGrant: ReferenceGrant;
  readonly Ingress: Ingress;
  readonly IngressClass: IngressClass;
  readonly Service: Service;
  readonly EndpointSlice: EndpointSlice;
  readonly Secret: Secret;
  readonly ConfigMap: ConfigMap;
  readonly Namespace: Namespace;
  readonly GatewayRoute: GatewayRoute;
  readonly GatewayPolicy: GatewayPolicy;
  readonly Backend: Backend;
  readonly GatewayClassConfig: GatewayClassConfig;
  readonly APIKey: APIKey;
}

export type Kind = keyof Objects;
export type ObjectOf<K extends Kind> = Objects[K];

export interface KindFacts {
  /** `''` for the core group. */
  readonly group: string;
  /** Served versions; the first is the one we watch, and the one validated objects carry. */
  readonly versions: readonly [string, ...string[]];
  readonly plural: string;
  readonly namespaced: boolean;
}

export const OUR_GROUP = 'gateway.suuupra.io';
export const GATEWAY_API_GROUP = 'gateway.networking.k8s.io';

export const KINDS: Readonly<Record<Kind, KindFacts>> = {
  GatewayClass: kind(GATEWAY_API_GROUP, ['v1', 'v1beta1'], 'gatewayclasses', false),
  Gateway: kind(GATEWAY_API_GROUP, ['v1', 'v1beta1'], 'gateways', true),
  ListenerSet: kind(GATEWAY_API_GROUP, ['v1'], 'listenersets', true),
  HTTPRoute: kind(GATEWAY_API_GROUP, ['v1', 'v1beta1'], 'httproutes', true),
  ReferenceGrant: kind(GATEWAY_API_GROUP, ['v1', 'v1beta1'], 'referencegrants', true),
  Ingress: kind('networking.k8s.io', ['v1'], 'ingresses', true),
  IngressClass: kind('networking.k8s.io', ['v1'], 'ingressclasses', false),
  Service: kind('', ['v1'], 'services', true),
  EndpointSlice: kind('discovery.k8s.io', ['v1'], 'endpointslices', true),
  Secret: kind('', ['v1'], 'secrets', true),
  ConfigMap: kind('', ['v1'], 'configmaps', true),
  Namespace: kind('', ['v1'], 'namespaces', false),
  GatewayRoute: kind(OUR_GROUP, ['v1alpha1'], 'gatewayroutes', true),
  GatewayPolicy: kind(OUR_GROUP, ['v1alpha1'], 'gatewaypolicies', true),
  Backend: kind(OUR_GROUP, ['v1alpha1'], 'backends', true),
  GatewayClassConfig: kind(OUR_GROUP, ['v1alpha1'], 'gatewayclassconfigs', true),
  APIKey: kind(OUR_GROUP, ['v1alpha1'], 'apikeys', true),
};

/** `gateway.networking.k8s.io/v1`, or `v1` in the core group. */
export function apiVersionOf(facts: KindFacts, version: string = facts.versions[0]): string {
  return facts.group === '' ? version : `${facts.group}/${version}`;
}

export function isKind(name: string): name is Kind {
  return Object.hasOwn(KINDS, name);
}

function kind(group: string, versions: readonly [string, ...string[]], plural: string, namespaced: boolean): KindFacts {
  return Object.freeze({ group, versions: Object.freeze(versions), plural, namespaced });
}
