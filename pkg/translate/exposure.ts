/** What the Gateways need of the cluster to be reached, as translation finds it; pkg/exposure makes the objects. */
import type { Gateway } from '../api/gatewayapi.ts';
import type { GatewayClassConfig } from '../api/gatewayclassconfig.ts';
import { staticAddress } from './service-addresses.ts';
import { type ServiceSettings, serviceSettings } from './service-settings.ts';

export type GatewayExposure =
  | ServiceExposure
  /** Nothing is served now: a Service that is there stays as it is, for its address must outlive a mistake. */
  | { readonly kind: 'Keep'; readonly namespace: string; readonly name: string }
  /** Reached without a Service. */
  | { readonly kind: 'None'; readonly namespace: string; readonly name: string };

export interface ServiceExposure {
  readonly kind: 'Service';
  readonly namespace: string;
  readonly name: string;
  /** Of the Gateway, for the owner reference. */
  readonly uid: string;
  /** Listener ports, ascending. */
  readonly ports: readonly number[];
  readonly settings: ServiceSettings;
  /** That spec.addresses asks for; `''` for any. */
  readonly address: string;
}

export interface ExposureFacts {
  /** Accepted, and reached by a Service. */
  readonly accepted: boolean;
  readonly classConfig: GatewayClassConfig | undefined;
  /** Of spec.infrastructure.parametersRef. */
  readonly ownConfig: GatewayClassConfig | undefined;
  /** Of listeners that can be served, in any order. */
  readonly ports: readonly number[];
}

export function exposureOf(gateway: Gateway, facts: ExposureFacts): GatewayExposure {
  const { namespace, name, uid = '' } = gateway.metadata;
  const ports = [...new Set(facts.ports)].sort((a, b) => a - b);
  if (isHostNetwork(facts.classConfig)) return { kind: 'None', namespace, name };
  if (!facts.accepted || ports.length === 0) return { kind: 'Keep', namespace, name };
  const settings = serviceSettings(gateway, facts.classConfig, facts.ownConfig);
  return { kind: 'Service', namespace, name, uid, ports, settings, address: staticAddress(gateway) };
}

/** Whether Gateways of a class bind their ports on the nodes. */
export function isHostNetwork(classConfig: GatewayClassConfig | undefined): boolean {
  return classConfig?.spec.dataPlane?.exposure === 'HostNetwork';
}
