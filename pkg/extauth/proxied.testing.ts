/** A whole data plane in front of a backend and an authorization service, for tests on real sockets. */
import type { Filter } from '../ir/filter.ts';
import type { FilterContext } from '../policy/translators.ts';
import { testPolicyContext } from '../testkit/policy-context.ts';
import { anything, type TestProxyOptions } from '../testkit/proxy.ts';

/** Clusters: `c0` is the backend, `c1` the service, to which every backendRef leads. */
export const toService: FilterContext = { ...testPolicyContext(), backend: () => 'c1' };

/** @param ports of the backend and the service */
export function protectedBy(filters: readonly Filter[], ports: readonly [number, number]): TestProxyOptions {
  const ids = filters.map((_, i) => `f${i}`);
  return {
    backends: ports,
    filters: Object.fromEntries(filters.map((filter, i) => [`f${i}`, filter])),
    rules: [
      {
        matches: [anything],
        filters: ids,
        action: { kind: 'forward', backends: [{ weight: 1, priority: 0, cluster: 'c0', filters: [] }] },
      },
    ],
  };
}
