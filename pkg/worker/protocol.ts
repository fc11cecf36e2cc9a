/**
 * Messages between threads. The main thread is the hub: every other thread speaks with it alone, so any of them can be replaced
 * without the rest having to know. What filters ask of the services thread (`services/channel.ts`) would be copied once more there, and wait
 * behind configurations: for this the main thread hands each pair of lives a channel, and a new one to what lives on when either was replaced.
 *
 * ```
 * controller ── apply ──► main ── configure ──► data workers ── acknowledged ──► main ── acknowledged ──► controller
 * data workers ── lines, labels ──► main ──► services        services ── inspect ──► main ──► controller ── inspected ──► …
 * main ── channel ──► data workers, services                 data workers ◄══ channel ══► services
 * ```
 */
import type { MessagePort } from 'node:worker_threads';
import type { DebugPage, Health } from '../admin/server.ts';
import type { Config } from '../config/config.ts';
import type { Ir } from '../ir/ir.ts';
import type { ServicesSettings } from '../services/feed.ts';
import type { ServicesFigures } from '../services/services.ts';
import type { ClusterFigures } from '../telemetry/exposition.ts';
import type { SlotLabels, WorkerMemory } from '../telemetry/row.ts';
import type { Unbound } from './dataworker.ts';

/** What every thread gets when it starts, as its workerData. */
export interface ThreadData {
  /** `worker-1`, `controller`, `services`. */
  readonly thread: string;
  readonly config: Config;
  readonly logFormat: 'json' | 'text';
  /** Only data workers. */
  readonly memory?: WorkerMemory;
  /** Only data workers: 0, 1, …; where round robin starts. */
  readonly index?: number;
  readonly ticketKeys?: Uint8Array;
  readonly reusePort?: boolean;
  /** File descriptors that the process may open; 0: unknown. */
  readonly descriptorLimit?: number;
}

/** From every thread. */
export type FromThread = { readonly kind: 'log'; readonly line: string };

export type ToWorker =
  /** `texts` are deltas (JSON of `Delta`) in order. */
  | {
      readonly kind: 'configure';
      readonly version: number;
      readonly texts: readonly string[];
      readonly refused: Unbound;
    }
  | { readonly kind: 'ticketKeys'; readonly keys: Uint8Array }
  /** To the services thread that lives now; transferred. */
  | { readonly kind: 'channel'; readonly port: MessagePort }
  | { readonly kind: 'drain'; readonly delay: number; readonly timeout: number };

export type FromWorker =
  | FromThread
  | { readonly kind: 'acknowledged'; readonly version: number; readonly unbound: Unbound }
  /** A segment of log lines was sealed. */
  | { readonly kind: 'lines'; readonly segment: number }
  | { readonly kind: 'labels'; readonly labels: readonly SlotLabels[] }
  | { readonly kind: 'drained' };

export type ToController =
  | { readonly kind: 'acknowledged'; readonly version: number; readonly unbound: Unbound }
  /** Without a new configuration: a socket could be bound at last, or no more. */
  | { readonly kind: 'rebound'; readonly unbound: Unbound }
  | { readonly kind: 'inspect'; readonly id: number; readonly page: DebugPage }
  /** The pod takes no new traffic from now on: whoever sends it some is to be told. */
  | { readonly kind: 'drain' }
  | { readonly kind: 'close' };

export type FromController =
  | FromThread
  | Apply
  | { readonly kind: 'state'; readonly degraded: boolean; readonly problems: number }
  /** Objects that vanished all at once, and still count (`--mass-delete-hold`). */
  | { readonly kind: 'held'; readonly objects: number }
  | { readonly kind: 'cluster'; readonly figures: ClusterFigures }
  /** The first configuration is served: what to print. */
  | { readonly kind: 'table'; readonly text: string }
  | { readonly kind: 'inspected'; readonly id: number; readonly text: string }
  /** It cannot work at all, and another try would not help. */
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'closed' };

export interface Apply {
  readonly kind: 'apply';
  /** The controller's own count. */
  readonly version: number;
  /** Delta to what was sent before. */
  readonly text: string;
  /** Now and then the whole, so that the main thread can forget the deltas before; null otherwise. */
  readonly whole: string | null;
  readonly sockets: Ir['sockets'];
  readonly services: ServicesSettings;
}

export type ToServices =
  | { readonly kind: 'lines'; readonly worker: string; readonly segment: number }
  | { readonly kind: 'log'; readonly line: string }
  | { readonly kind: 'open'; readonly worker: string; readonly memory: WorkerMemory }
  | { readonly kind: 'labels'; readonly worker: string; readonly labels: readonly SlotLabels[] }
  | { readonly kind: 'ended'; readonly worker: string }
  /** To a worker that lives now; transferred. */
  | { readonly kind: 'channel'; readonly port: MessagePort }
  | { readonly kind: 'configure'; readonly settings: ServicesSettings }
  | { readonly kind: 'health'; readonly health: Health; readonly figures: ServicesFigures }
  | { readonly kind: 'inspected'; readonly id: number; readonly text: string }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'close' };

export type FromServices =
  | FromThread
  | { readonly kind: 'started'; readonly admin: number | null; readonly health: number | null }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'inspect'; readonly id: number; readonly page: DebugPage }
  | { readonly kind: 'closed' };
