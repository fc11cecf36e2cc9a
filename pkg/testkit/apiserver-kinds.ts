/** The collections that the gateway reads and writes, for an API server in memory. */
import { apiVersionOf, KINDS } from '../api/kinds.ts';
import type { Collections } from './apiserver-path.ts';

const others: Collections = {
  'coordination.k8s.io/v1/leases': { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', namespaced: true },
  'v1/events': { kind: 'Event', apiVersion: 'v1', namespaced: true },
  'events.k8s.io/v1/events': { kind: 'Event', apiVersion: 'events.k8s.io/v1', namespaced: true },
};

/** Every version of every kind. */
export function knownCollections(): Collections {
  const ours = Object.entries(KINDS).flatMap(([kind, facts]) =>
    facts.versions.map((version) => {
      const apiVersion = apiVersionOf(facts, version);
      return [`${apiVersion}/${facts.plural}`, { kind, apiVersion, namespaced: facts.namespaced }] as const;
    }),
  );
  return { ...Object.fromEntries(ours), ...others };
}
