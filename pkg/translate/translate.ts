/** Snapshot → IR and statuses. The table of contents of the control plane: processors in order, each on what the ones before gave. */

import { objectId } from '../api/object.ts';
import type { ObjectStatus } from '../status/status.ts';
import type { Snapshot } from '../store/snapshot.ts';
import { Addresses } from './addresses.ts';
import { compareText } from './age.ts';
import { translateBackendStatuses } from './backend-status.ts';
import { findClaims, withClaims } from './claims.ts';
import { translateClusters } from './clusters.ts';
import { Context } from './context.ts';
import { translateExposures } from './exposures.ts';
import { translateGateways } from './gateway.ts';
import { gatewayStatus } from './gateway-status.ts';
import { translateClasses } from './gatewayclass.ts';
import { translateIngresses } from './ingress.ts';
import { withIngressClaims } from './ingress-claims.ts';
import { listenerSetStatus, orphanedSets } from './listenerset-status.ts';
import { Memo } from './memo.ts';
import { orphanedGateways } from './orphans.ts';
import { translateRoutes } from './route.ts';
import { translateEgress, translateSettings } from './settings.ts';
import { Sockets } from './sockets.ts';
import type { TranslateOptions, Translation } from './translation.ts';

/** @param memo of the run before, for speed alone; the result does not depend on it but for addresses of the pool, which Gateways keep */
export function translate(snapshot: Snapshot, options: TranslateOptions, memo: Memo = new Memo()): Translation {
  const classes = translateClasses(snapshot, options);
  const egress = translateEgress(classes.config, options);
  memo.begin(JSON.stringify(egress));
  const sockets = new Sockets(options.portMap);
  const context = new Context({
    snapshot,
    options,
    memo,
    egress,
    sockets,
    addresses: new Addresses(options.addresses),
  });

  const gateways = translateGateways(context, classes);
  translateRoutes(context);
  translateIngresses(context);
  translateBackendStatuses(context);
  const clusters = translateClusters(context);
  for (const status of classes.statuses) context.addStatus(status);
  for (const state of gateways) {
    context.addStatus(gatewayStatus(state, context.attachedRoutes));
    for (const set of state.sets) context.addStatus(listenerSetStatus(set, context.attachedRoutes));
  }
  for (const status of [...orphanedGateways(snapshot), ...orphanedSets(snapshot)]) context.addStatus(status);
  const lost = findClaims(context.routes.values(), memo);
  const told = (status: ObjectStatus): ObjectStatus => {
    const claims = lost.get(objectId(status.ref));
    if (claims === undefined) return status;
    const ingress = status.ref.kind === 'Ingress' && snapshot.get('Ingress', status.ref.namespace, status.ref.name);
    return ingress ? withIngressClaims(status, claims, ingress) : withClaims(status, claims);
  };
  const statuses = lost.size === 0 ? context.statuses : context.statuses.map(told);
  memo.end();

  return {
    ir: {
      settings: { default: translateSettings(classes.config, options) },
      sockets: sockets.build(),
      listeners: sorted(context.listeners),
      routes: sorted(context.routes),
      filters: sorted(context.outputs.filters),
      clusters,
      certificates: sorted(context.outputs.certificates),
      authorities: sorted(context.outputs.authorities),
      secrets: sorted(context.outputs.secrets),
    },
    statuses: statuses.toSorted(compareStatus),
    ...(options.cluster === undefined ? {} : { exposures: translateExposures(gateways, classes, context) }),
  };
}

/** Equal IRs are equal text: every section stands in the order of its ids. */
function sorted<T>(section: ReadonlyMap<string, T>): Readonly<Record<string, T>> {
  return Object.fromEntries([...section].sort(([a], [b]) => compareText(a, b)));
}

function compareStatus({ ref: a }: ObjectStatus, { ref: b }: ObjectStatus): number {
  return compareText(a.kind, b.kind) || compareText(a.namespace, b.namespace) || compareText(a.name, b.name);
}
