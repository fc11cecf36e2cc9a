/** What translation needs besides the snapshot, and what it gives. Translation is pure: same input, same output. */
import type { Ir } from '../ir/ir.ts';
import type { ObjectStatus } from '../status/status.ts';
import type { GatewayExposure } from './exposure.ts';

export interface TranslateOptions {
  /** Addresses that Gateways get, one each, in the order of their age; empty: every Gateway listens on all addresses (`*`). */
  readonly addresses: readonly string[];
  /** Listener port → bound port. */
  readonly portMap: Readonly<Record<number, number>>;
  /** Directory mode, where endpoints and Backends may be on loopback. */
  readonly allowLoopbackEndpoints: boolean;
  /** Secret whose certificate Ingresses have for want of another; absent: TLS is refused then. */
  readonly defaultCertificate?: { readonly namespace: string; readonly name: string };
  /** There is a database of countries (`--geoip-database`): policies may ask where a client comes from. Default false. */
  readonly countries?: boolean;
  /** Directory mode also allows Backends of every type without a GatewayClassConfig, UnixSocket included. */
  readonly directoryMode: boolean;
  /** Milliseconds since the epoch: for what is kept for a while only. Nothing else depends on it. */
  readonly now: number;
  /** Socket id → why the data plane could not bind it, from its last Ack. */
  readonly unbound: Readonly<Record<string, string>>;
  /** Gateways are reached as the cluster lets them be: by Services, or on the nodes. Absent in a directory. */
  readonly cluster?: ClusterOptions;
}

export interface ClusterOptions {
  /** `namespace/name` of the Service in front of the synthetic Gateway of Ingresses; `''`: none is known. */
  readonly ingressService: string;
  /** Addresses of the ready gateway pods of this installation. With hostNetwork they are those of the nodes. */
  readonly podAddresses: readonly string[];
  /** Addresses of the API server, which no object may make the gateway dial. */
  readonly apiServer: readonly string[];
  /** This pod's own addresses, ready or not; the same goes for them and for those of the others, unless they are those of nodes. */
  readonly ownAddresses: readonly string[];
  /** By `namespace/name` of a Gateway: why the API server did not take its Service. */
  readonly refusals: Readonly<Record<string, string>>;
}

export interface Translation {
  /** When another run gives something else although nothing has changed, in ms since the epoch; absent: never. */
  readonly again?: number;
  readonly ir: Ir;
  /** One for each object of a kind that has a status, or that has a problem; sorted by kind, namespace, name. */
  readonly statuses: readonly ObjectStatus[];
  /** One for each Gateway of ours; absent in a directory. */
  readonly exposures?: readonly GatewayExposure[];
}
