/** What translation needs besides the snapshot, and what it gives. Translation is pure: same input, same output. */
import type { Ir } from '../ir/ir.ts';
import type { ObjectStatus } from '../status/status.ts';

export interface TranslateOptions {
  /** Addresses that Gateways get, one each, in the order of their age; empty: every Gateway listens on all addresses (`*`). */
  readonly addresses: readonly string[];
  /** Listener port → bound port. */
  readonly portMap: Readonly<Record<number, number>>;
  /** Directory mode, where endpoints and Backends may be on loopback. */
  readonly allowLoopbackEndpoints: boolean;
  /** Directory mode also allows Backends of every type without a GatewayClassConfig, UnixSocket included. */
  readonly directoryMode: boolean;
  /** Socket id → why the data plane could not bind it, from its last Ack. */
  readonly unbound: Readonly<Record<string, string>>;
}

export interface Translation {
  readonly ir: Ir;
  /** One for each object of a kind that has a status, or that has a problem; sorted by kind, namespace, name. */
  readonly statuses: readonly ObjectStatus[];
}
