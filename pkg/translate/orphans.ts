/** Gateways whose class does not exist: nobody serves them, and nobody else says so. */
import { refOf } from '../api/object.ts';
import type { ObjectStatus } from '../status/status.ts';
import type { Snapshot } from '../store/snapshot.ts';
import { ControllerName } from './names.ts';

/** Their `status` is empty, that is: not written, since the class may come and be another controller's. */
export function orphanedGateways(snapshot: Snapshot): readonly ObjectStatus[] {
  return snapshot
    .list('Gateway')
    .filter(({ spec }) => snapshot.get('GatewayClass', '', spec.gatewayClassName) === undefined)
    .map((gateway) => ({
      ref: refOf(gateway),
      generation: gateway.metadata.generation,
      status: {},
      problems: [
        {
          path: 'spec.gatewayClassName',
          reason: 'Pending',
          message: `GatewayClass ${gateway.spec.gatewayClassName} not found, so nobody serves this Gateway; create it with controllerName ${ControllerName} or correct the name`,
        },
      ],
    }));
}
