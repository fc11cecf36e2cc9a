/** Processor, last: what each Gateway of ours needs of the cluster to be reached. */

import type { Context } from './context.ts';
import { exposureOf, type GatewayExposure } from './exposure.ts';
import type { GatewayState } from './gateway.ts';
import { ownConfig } from './gateway-assignment.ts';
import type { Classes } from './gatewayclass.ts';
import type { ListenerState } from './listener-place.ts';

export function translateExposures(
  gateways: readonly GatewayState[],
  classes: Classes,
  context: Context,
): readonly GatewayExposure[] {
  return gateways.map(({ gateway, fault, listeners, sets }) => {
    const { namespace, name } = gateway.metadata;
    const admitted = sets.filter(({ refusal }) => refusal === undefined);
    const ports = [listeners, ...admitted.map((set) => set.listeners)].flatMap((states) => states.flatMap(portOf));
    // Ingresses of the class add HTTPS listeners to it, on 443 where it has none.
    const secure = listeners.some(({ listener }) => listener.protocol === 'HTTPS');
    if (classes.ingressGateways.has(`${namespace}/${name}`) && !secure && ports.length > 0) ports.push(443);
    return exposureOf(gateway, {
      accepted: fault === undefined,
      classConfig: classes.configs.get(gateway.spec.gatewayClassName),
      ownConfig: ownConfig(gateway, context),
      ports,
    });
  });
}

/** Of a listener that is valid, with or without its certificate: a load balancer takes long to learn of a port. */
function portOf({ listener }: ListenerState): readonly number[] {
  return listener.protocol === null || listener.notAccepted !== undefined ? [] : [listener.spec.port];
}
