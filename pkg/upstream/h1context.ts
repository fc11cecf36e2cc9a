/** What all fast-lane connections of one worker share: where they come from, and the memory that requests and large bodies pass through. */
import { Buffer } from 'node:buffer';
import type { Timers } from '../proxy/timers.ts';
import type { Connection } from '../proxy/transport.ts';
import type { GaveUp } from './descriptor-gate.ts';
import type { H1Writer } from './h1writer.ts';

/** Room for one request head and the first body bytes; heads beyond it are refused. */
const OutboxBytes = 65_536;
/** Reads of large bodies: the bytes go on to the client without being copied. */
const LargeBytes = 262_144;
const SpareLarge = 32;

/** Why no connection came; `untouched` is true for all of them. */
export type ConnectFailure = 'connect-failed' | 'connect-timeout' | 'egress-denied' | GaveUp;

/** Opens a connection to an endpoint: resolves names, asks the egress guard, dials. Calls `done` once, later. */
export type Dial = (
  host: string,
  port: number,
  timeout: number,
  done: (connection: Connection | null, failure: ConnectFailure) => void,
  /** Asked while it waits for a descriptor: whether the connection would still be used. */
  wanted?: () => boolean,
) => void;

export class H1Context {
  readonly dial: Dial;
  readonly timers: Timers;
  /** Of a response head. */
  readonly maxHeadBytes: number;
  readonly outbox = new Outbox();
  readonly large = new LargeBuffers();

  constructor(dial: Dial, timers: Timers, maxHeadBytes: number) {
    this.dial = dial;
    this.timers = timers;
    this.maxHeadBytes = maxHeadBytes;
  }
}

/**
 * Holds what one connection has not sent yet, so that a head and its first body bytes leave in one write. There is one for all connections:
 * whoever needs it next sends what the owner before left in it.
 */
export class Outbox {
  bytes = Buffer.allocUnsafeSlow(OutboxBytes);
  owner: H1Writer | null = null;
  length = 0;

  /** Makes it the caller's, keeping what the caller had in it already. */
  take(owner: H1Writer): void {
    if (this.owner === owner) return;
    this.owner?.flush();
    this.owner = owner;
    this.length = 0;
  }

  drop(owner: H1Writer): void {
    if (this.owner !== owner) return;
    this.owner = null;
    this.length = 0;
  }

  /** The system still writes from its bytes: what is gathered next goes into others. */
  renew(): void {
    this.bytes = Buffer.allocUnsafeSlow(OutboxBytes);
  }
}

export class LargeBuffers {
  readonly #spare: Buffer[] = [];

  take(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(LargeBytes);
  }

  /** Only a buffer that nobody reads from or into any more; one that a slow client still holds is left to the collector. */
  giveBack(buffer: Buffer): void {
    if (this.#spare.length < SpareLarge) this.#spare.push(buffer);
  }
}
