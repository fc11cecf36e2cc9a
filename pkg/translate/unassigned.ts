/** Translation as if every Gateway had an address already: for questions about routes, which do not depend on Services. */
import type { Snapshot } from '../store/snapshot.ts';
import type { TranslateOptions } from './translation.ts';

/** Of a cluster where nobody makes Services for the Gateways: `--observe`, and `gatewayctl route`. */
export function unassignedOptions(snapshot: Snapshot): TranslateOptions {
  const gateways = snapshot.list('Gateway');
  // A Gateway's own addresses are in the pool, since it may have no others.
  const own = gateways.flatMap(({ spec }) => (spec.addresses ?? []).flatMap(({ value }) => value ?? []));
  // 100.64.0.0/10 is nobody's (RFC 6598). One more, for Ingresses.
  const pool = Array.from({ length: gateways.length + 1 }, (_, i) => `100.64.${i >> 8}.${i & 255}`);
  return {
    addresses: [...new Set([...pool, ...own])],
    portMap: {},
    allowLoopbackEndpoints: false,
    directoryMode: false,
    now: 0,
    unbound: {},
  };
}
