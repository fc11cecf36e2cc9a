/** How each Gateway is reached: by its Service in a cluster, or by ports of the machine; and what its parameters say of that. Used by gateway.ts. */
import type { Gateway } from '../api/gatewayapi.ts';
import type { GatewayClassConfig } from '../api/gatewayclassconfig.ts';
import { OUR_GROUP } from '../api/kinds.ts';
import type { Problem } from '../status/problem.ts';
import { type Assignment, assignAddresses } from './addresses.ts';
import type { Context } from './context.ts';
import { isHostNetwork } from './exposure.ts';
import { serviceNameOf } from './gateway-service.ts';
import type { Classes } from './gatewayclass.ts';
import { ignored } from './listeners.ts';
import { assignByService } from './service-addresses.ts';
import { overrideProblem } from './service-settings.ts';
import type { World } from './world.ts';

/** @param gateways ours, in the order of their age */
export function assignGateways(
  gateways: readonly Gateway[],
  classes: Classes,
  context: Context,
): ReadonlyMap<Gateway, Assignment> {
  const { cluster } = context.options;
  const { addresses, memo, sockets } = context;
  if (cluster === undefined) return assignAddresses(gateways, addresses, memo.assigned);
  const byService = gateways.filter((gateway) => hasService(gateway, classes, context));
  const others = gateways.filter((gateway) => !byService.includes(gateway));
  const result = new Map(assignAddresses(others, addresses, memo.assigned, cluster.podAddresses));
  for (const gateway of byService) {
    const { namespace, name } = gateway.metadata;
    const id = `${namespace}/${name}`;
    const service = context.get('Service', namespace, serviceNameOf(gateway.metadata));
    const assignment = assignByService(gateway, service, cluster.refusals[id] ?? '');
    sockets.assign(id, assignment.ports ?? new Map());
    result.set(gateway, assignment);
  }
  return result;
}

function hasService({ spec }: Gateway, { configs }: Classes, { options }: Context): boolean {
  return options.cluster !== undefined && !isHostNetwork(configs.get(spec.gatewayClassName));
}

/** A Gateway may refer to a config of its own; settings beyond what its class leaves to it are the class's. */
export function parametersProblem(gateway: Gateway, { configs }: Classes, world: World): Problem | undefined {
  const { spec, metadata } = gateway;
  const ref = spec.infrastructure?.parametersRef;
  if (ref === undefined) return undefined;
  const failed = (message: string): Problem => ({
    path: 'spec.infrastructure.parametersRef',
    reason: 'InvalidParameters',
    message,
  });
  if (ref.group !== OUR_GROUP || ref.kind !== 'GatewayClassConfig') {
    return failed(
      `${ref.kind}.${ref.group} cannot hold parameters; refer to a GatewayClassConfig of group ${OUR_GROUP}`,
    );
  }
  const config = ownConfig(gateway, world);
  return config === undefined
    ? failed(`GatewayClassConfig ${metadata.namespace}/${ref.name} not found; create it or remove the reference`)
    : overrideProblem(config, configs.get(spec.gatewayClassName));
}

/** The config that a Gateway refers to, in its own namespace. */
export function ownConfig({ spec, metadata }: Gateway, world: World): GatewayClassConfig | undefined {
  const name = spec.infrastructure?.parametersRef?.name;
  return name === undefined ? undefined : world.get('GatewayClassConfig', metadata.namespace, name);
}

/** What stands in spec.infrastructure for objects that are not made. */
export function unusedInfrastructure(gateway: Gateway, classes: Classes, context: Context): readonly Problem[] {
  if (hasService(gateway, classes, context)) return [];
  const nothing = 'it provisions nothing that could carry it';
  const { labels = {}, annotations = {} } = gateway.spec.infrastructure ?? {};
  return [
    ...(Object.keys(labels).length === 0 ? [] : [ignored('spec.infrastructure.labels', nothing)]),
    ...(Object.keys(annotations).length === 0 ? [] : [ignored('spec.infrastructure.annotations', nothing)]),
  ];
}
