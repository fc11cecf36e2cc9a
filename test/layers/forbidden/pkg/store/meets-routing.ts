/** Forbidden: the store meets the routing table. */
export type { RoutingTable } from '../routing/table.ts';
