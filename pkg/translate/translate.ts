/** Snapshot → IR and statuses. The table of contents of the control plane: processors in order, each on what the ones before gave. */

import { objectId } from '../api/object.ts';
import { credentialParams } from '../policy/credential-params.ts';
import type { ObjectStatus } from '../status/status.ts';
import type { Snapshot } from '../store/snapshot.ts';
import { Addresses } from './addresses.ts';
import { compareText } from './age.ts';
import { translateAPIKeys } from './apikey.ts';
import { translateBackendStatuses } from './backend-status.ts';
import { findClaims, withClaims } from './claims.ts';
import { translateClassDefaults } from './class-defaults.ts';
import { translateClientPolicies } from './client-policies.ts';
import { translateClusters } from './clusters.ts';
import { withDefaults } from './config-status.ts';
import { Context } from './context.ts';
import { translateExposures } from './exposures.ts';
import { translateGateways } from './gateway.ts';
import { gatewayStatus } from './gateway-status.ts';
import { translateClasses } from './gatewayclass.ts';
import { translateIngresses } from './ingress.ts';
import { withIngressClaims } from './ingress-claims.ts';
import { translateIngressClient } from './ingress-client.ts';
import { forgetLastGood } from './last-good.ts';
import { listenerSetStatus, orphanedSets } from './listenerset-status.ts';
import { Memo } from './memo.ts';
import { orphanedGateways } from './orphans.ts';
import { type PolicyState, translatePolicies } from './policy.ts';
import type { AttachedPolicy, Level } from './policy-level.ts';
import { MaxAncestors, policyStatus, sortedGateways } from './policy-status.ts';
import { type Tally, tallyUses } from './policy-tally.ts';
import { translateRedis, withRedisProblems } from './redis.ts';
import { translateRoutes } from './route.ts';
import { levelsOfListener } from './rule-policies.ts';
import { translateEgress, translateSettings } from './settings.ts';
import { Sockets } from './sockets.ts';
import type { TranslateOptions, Translation } from './translation.ts';

/** @param memo of the run before, for speed alone; the result does not depend on it but for addresses of the pool, which Gateways keep */
export function translate(snapshot: Snapshot, options: TranslateOptions, memo: Memo = new Memo()): Translation {
  const classes = translateClasses(snapshot, options);
  const egress = translateEgress(classes.config, options);
  memo.begin(JSON.stringify([egress, options.countries ?? false]));
  const sockets = new Sockets(options.portMap);
  const context = new Context({
    snapshot,
    options,
    memo,
    egress,
    sockets,
    addresses: new Addresses(options.addresses),
  });

  const redis = translateRedis(context, classes.config);
  const gateways = translateGateways(context, classes);
  const defaults = translateClassDefaults(context, classes);
  const policies = translatePolicies(context);
  const states = [...defaults, ...policies];
  forgetLastGood(states, memo.lastGood);
  translateClientPolicies(context);
  const settings = translateSettings(classes.config, options, redis.settings);
  const ingressClient = translateIngressClient(context, classes, settings);
  context.ingressClient = ingressClient.client;
  const uses = [...translateRoutes(context), ...translateIngresses(context)];
  const tallies = tallyUses(uses, new Set(states.map(({ level }) => level)), (listener) =>
    levelsOfListener(listener, context),
  );
  const affected = addPolicyStatuses(policies, tallies, context);
  translateBackendStatuses(context);
  translateAPIKeys(context);
  const clusters = translateClusters(context);
  for (const status of classes.statuses) {
    const { kind, namespace, name } = status.ref;
    const config = kind === 'GatewayClassConfig' ? context.get(kind, namespace, name) : undefined;
    const told = withRedisProblems(status, classes.config, redis);
    const own = defaults.find((each) => each.config === config);
    const unheard = config && ingressClient.problems.get(config);
    context.addStatus(
      config === undefined ? told : withDefaults(told, own, own && tallies.get(own.level), unheard ?? []),
    );
  }
  for (const state of gateways) {
    const { namespace, name } = state.gateway.metadata;
    const own = [...context.policies('Gateway', namespace, name), ...(affected.get(`${namespace}/${name}`) ?? [])];
    context.addStatus(gatewayStatus(state, context.attachedRoutes, own));
    for (const set of state.sets) {
      const attached = context.policies('ListenerSet', set.set.metadata.namespace, set.set.metadata.name);
      context.addStatus(listenerSetStatus(set, context.attachedRoutes, attached));
    }
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
  const credentials = credentialParams(context.outputs.filters.values());
  memo.end();

  return {
    ir: {
      settings: { default: translateSettings(classes.config, options, redis.settings, credentials) },
      sockets: sockets.build(),
      listeners: sorted(context.listeners),
      routes: sorted(context.routes),
      filters: sorted(context.outputs.filters),
      policies: sorted(context.outputs.policies),
      clusters,
      certificates: sorted(context.outputs.certificates),
      authorities: sorted(context.outputs.authorities),
      secrets: sorted(context.outputs.secrets),
    },
    statuses: statuses.toSorted(compareStatus),
    ...againAt(states),
    ...(options.cluster === undefined ? {} : { exposures: translateExposures(gateways, classes, context) }),
  };
}

/** Adds the status of each policy. @returns by `namespace/name` of a Gateway, the policies whose own status has no room to name it */
function addPolicyStatuses(
  policies: readonly PolicyState[],
  tallies: ReadonlyMap<Level, Tally>,
  context: Context,
): ReadonlyMap<string, readonly AttachedPolicy[]> {
  const affected = new Map<string, AttachedPolicy[]>();
  for (const state of policies) {
    const { level } = state;
    const tally = tallies.get(level);
    const gateways = sortedGateways(state, tally);
    context.addStatus(policyStatus(state, tally, gateways));
    for (const gateway of gateways.slice(MaxAncestors))
      affected.set(gateway, [...(affected.get(gateway) ?? []), { level, sectionName: undefined, rank: 0, target: -1 }]);
  }
  return affected;
}

/** What is kept for a while ends by itself. */
function againAt(states: readonly { readonly keptUntil: number }[]): { readonly again?: number } {
  const ends = states.map(({ keptUntil }) => keptUntil).filter((until) => until > 0);
  return ends.length === 0 ? {} : { again: Math.min(...ends) };
}

/** Equal IRs are equal text: every section stands in the order of its ids. */
function sorted<T>(section: ReadonlyMap<string, T>): Readonly<Record<string, T>> {
  return Object.fromEntries([...section].sort(([a], [b]) => compareText(a, b)));
}

function compareStatus({ ref: a }: ObjectStatus, { ref: b }: ObjectStatus): number {
  return compareText(a.kind, b.kind) || compareText(a.namespace, b.namespace) || compareText(a.name, b.name);
}
