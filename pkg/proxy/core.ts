/** What every connection and exchange of one worker shares: the current table, the clock, where things are reported. Made by `proxy.ts`. */
import type { Settings } from '../ir/settings.ts';
import type { RoutingTable } from '../routing/table.ts';
import type { Telemetry } from '../telemetry/record.ts';
import type { ClusterRuntime } from '../upstream/upstream.ts';
import type { SocketClients } from './client-terms.ts';
import type { Downstream } from './connection.ts';
import type { ActiveExchange } from './exchange.ts';
import type { HeldBodies } from './held-bodies.ts';
import type { Timers } from './timers.ts';
import type { Tunnel } from './upgrade.ts';

export interface Core {
  readonly timers: Timers;
  readonly clusters: { get(id: string): ClusterRuntime | undefined };
  readonly telemetry: Telemetry;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Milliseconds since the epoch. */
  readonly wallClock: () => number;
  readonly random: () => number;
  /** Whether a cluster has an endpoint that may be tried. */
  readonly usable: (cluster: string) => boolean;
  /** A fresh request id. */
  readonly newId: () => string;
  /** This second as an HTTP date. */
  readonly httpDate: () => string;
  /** A bug: what was thrown, and where. */
  readonly fault: (where: string, error: unknown) => void;

  table: RoutingTable;
  settings: Settings;
  /** As the current table has it. */
  readonly clientsOf: (socketId: string) => SocketClients;
  /** Keep-alive connections are being ended. */
  draining: boolean;
  readonly downstreams: Set<Downstream>;
  readonly tunnels: Set<Tunnel>;
  readonly heldBodies: HeldBodies;
  /** Exchanges that wait for their next request: they are big, and idle connections have none. */
  readonly spare: ActiveExchange[];
  /** Connections and tunnels that are open. */
  readonly openConnections: () => number;
  readonly openOn: (socketId: string) => number;
  /** A connection was taken. */
  readonly opened: (socketId: string) => void;
  /** A connection, or the tunnel it became, has ended. */
  readonly gone: (socketId: string) => void;
}
