/** The structural schema of every kind, of the object's root without apiVersion, kind and metadata. */
import { apiKeySpecSchema } from './apikey.ts';
import { backendSpecSchema } from './backend.ts';
import { configMap, endpointSlice, ingress, ingressClass, namespace, secret, service } from './core-structural.ts';
import { gatewayClassConfigSpecSchema } from './gatewayclassconfig.ts';
import { gatewayPolicySpecSchema } from './gatewaypolicy.ts';
import { gatewayRouteSpec } from './gatewayroute-structural.ts';
import type { Kind } from './kinds.ts';
import gatewaySpec from './structural/gateway.json' with { type: 'json' };
import gatewayClassSpec from './structural/gatewayclass.json' with { type: 'json' };
import httpRouteSpec from './structural/httproute.json' with { type: 'json' };
import listenerSetSpec from './structural/listenerset.json' with { type: 'json' };
import referenceGrantSpec from './structural/referencegrant.json' with { type: 'json' };
import type { StructuralSchema } from './structural.ts';
import { structuralOf } from './typebox-structural.ts';

export const SCHEMAS: Readonly<Record<Kind, StructuralSchema>> = {
  GatewayClass: withSpec(gatewayClassSpec as StructuralSchema),
  Gateway: withSpec(gatewaySpec as StructuralSchema),
  ListenerSet: withSpec(listenerSetSpec as StructuralSchema),
  HTTPRoute: withSpec(httpRouteSpec as StructuralSchema),
  ReferenceGrant: withSpec(referenceGrantSpec as StructuralSchema),
  Ingress: ingress,
  IngressClass: ingressClass,
  Service: service,
  EndpointSlice: endpointSlice,
  Secret: secret,
  ConfigMap: configMap,
  Namespace: namespace,
  GatewayRoute: withSpec(gatewayRouteSpec(httpRouteSpec as StructuralSchema)),
  GatewayPolicy: withSpec(structuralOf(gatewayPolicySpecSchema)),
  Backend: withSpec(structuralOf(backendSpecSchema)),
  GatewayClassConfig: withSpec(structuralOf(gatewayClassConfigSpecSchema)),
  APIKey: withSpec(structuralOf(apiKeySpecSchema)),
};

function withSpec(spec: StructuralSchema): StructuralSchema {
  return { type: 'object', properties: { spec }, required: ['spec'] };
}
