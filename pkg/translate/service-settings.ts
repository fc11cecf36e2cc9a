/** What a class, and as far as the class lets it a Gateway, says of the Gateway's Service. */
import type { Gateway } from '../api/gatewayapi.ts';
import type { GatewayClassConfig, GatewayClassConfigSpec } from '../api/gatewayclassconfig.ts';
import type { Problem } from '../status/problem.ts';

type Service = NonNullable<GatewayClassConfigSpec['service']>;
type Override = NonNullable<GatewayClassConfigSpec['gatewayMayOverride']>[number];

export interface ServiceSettings {
  readonly type: 'LoadBalancer' | 'NodePort' | 'ClusterIP';
  readonly loadBalancerClass?: string;
  readonly externalTrafficPolicy?: 'Cluster' | 'Local';
  readonly ipFamilyPolicy?: 'SingleStack' | 'PreferDualStack' | 'RequireDualStack';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const overrides: Readonly<Record<keyof Service, Override>> = {
  type: 'ServiceType',
  loadBalancerClass: 'LoadBalancerClass',
  externalTrafficPolicy: 'ExternalTrafficPolicy',
  ipFamilyPolicy: 'IPFamilyPolicy',
  labels: 'ServiceLabels',
  annotations: 'ServiceAnnotations',
};

/** The Gateway's own config over its class's; `spec.infrastructure` over both, which every Gateway may set. */
export function serviceSettings(
  { spec }: Gateway,
  classConfig: GatewayClassConfig | undefined,
  own: GatewayClassConfig | undefined,
): ServiceSettings {
  const base = classConfig?.spec.service ?? {};
  const over = own?.spec.service ?? {};
  const { type = 'LoadBalancer', loadBalancerClass, externalTrafficPolicy, ipFamilyPolicy } = { ...base, ...over };
  return {
    type,
    // "may only be set when the Service type is 'LoadBalancer'"; "… on Service types NodePort, LoadBalancer": a class may say more than one type uses.
    ...(loadBalancerClass === undefined || type !== 'LoadBalancer' ? {} : { loadBalancerClass }),
    ...(externalTrafficPolicy === undefined || type === 'ClusterIP' ? {} : { externalTrafficPolicy }),
    ...(ipFamilyPolicy === undefined ? {} : { ipFamilyPolicy }),
    labels: { ...base.labels, ...over.labels, ...spec.infrastructure?.labels },
    annotations: { ...base.annotations, ...over.annotations, ...spec.infrastructure?.annotations },
  };
}

/** A tenant cannot give itself more than its class lists: the first field that goes too far. */
export function overrideProblem(
  own: GatewayClassConfig,
  classConfig: GatewayClassConfig | undefined,
): Problem | undefined {
  const { namespace, name } = own.metadata;
  const failed = (field: string, message: string): Problem => ({
    path: 'spec.infrastructure.parametersRef',
    reason: 'InvalidParameters',
    message: `spec.${field} of GatewayClassConfig ${namespace}/${name} may be set by the GatewayClass only; ${message}`,
  });
  const other = Object.keys(own.spec).find((field) => field !== 'service');
  if (other !== undefined) return failed(other, 'move it there');
  const allowed = classConfig?.spec.gatewayMayOverride ?? [];
  for (const field of Object.keys(own.spec.service ?? {})) {
    const word = overrides[field as keyof Service];
    if (!allowed.includes(word))
      return failed(`service.${field}`, `move it there, or have ${word} added to its gatewayMayOverride`);
  }
  return undefined;
}
