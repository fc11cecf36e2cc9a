/** How the control plane hands configuration to the data plane. Implemented in-process (`--workers=0`, tests) and over threads. */
import type { Ir } from '../ir/ir.ts';

export interface DataPlane {
  /**
   * Makes every worker serve `ir`, as a delta to what it has. Resolves when all of them acknowledged.
   * Never rejects for what a user wrote: sockets that could not be bound are in the Ack.
   */
  apply(version: number, ir: Ir): Promise<Ack>;
  /**
   * Sockets that could not be bound are tried again now and then. `listener` is told when that changed which are unbound,
   * without a new configuration.
   */
  onRebound?(listener: (unbound: Ack['unbound']) => void): void;
  close(): Promise<void>;
}

export interface Ack {
  readonly version: number;
  /** By socket id: why it could not be bound, e.g. `EADDRINUSE: address already in use 0.0.0.0:80`. */
  readonly unbound: Readonly<Record<string, string>>;
}
