/** A tunnel after 101: bytes both ways, at the pace of the slower side, until both have ended, or nothing came for too long. */
import type { Buffer } from 'node:buffer';
import type { Downstream } from './connection.ts';
import type { Core } from './core.ts';
import type { ErrorCode } from './errors.ts';
import type { ActiveExchange } from './exchange.ts';
import { TimerEntry } from './timers.ts';
import { type Connection, type ConnectionHandler, OutputBytes } from './transport.ts';

const LastBytesMs = 10_000;

export class Tunnel extends TimerEntry {
  readonly #exchange: ActiveExchange;
  readonly #core: Core;
  readonly #downstream: Downstream;
  readonly #client: Half;
  readonly #upstream: Half;
  readonly #idleMs: number;
  #closed = false;
  #drainsBy = Number.POSITIVE_INFINITY;

  constructor(exchange: ActiveExchange, downstream: Downstream, upstream: Connection) {
    super();
    const { core } = exchange;
    this.#exchange = exchange;
    this.#core = core;
    this.#downstream = downstream;
    const idle = exchange.rule!.timeouts.idle ?? 0;
    this.#idleMs = idle > 0 ? idle : core.settings.timeouts.tunnel;
    this.#client = new Half(this, downstream.connection);
    this.#upstream = new Half(this, upstream);
    this.#client.other = this.#upstream;
    this.#upstream.other = this.#client;
  }

  /** @param early what the upstream sent behind its 101 */
  open(early: Buffer | null): void {
    const core = this.#core;
    const downstream = this.#downstream;
    core.tunnels.add(this);
    core.telemetry.tunnel('opened');
    this.touch();
    // No client byte went upstream before this 101: until now nobody knew that the bytes are not HTTP (CVE-2026-2833).
    const held = downstream.detach();
    downstream.connection.handler = this.#client;
    this.#upstream.connection.handler = this.#upstream;
    if (early !== null) this.#upstream.onData(early, 0, early.length);
    if (held !== null) this.#client.onData(held, 0, held.length);
    if (!this.#client.paused) downstream.connection.resume();
  }

  touch(): void {
    if (this.#idleMs > 0) this.#core.timers.schedule(this, Math.min(this.#idleMs, this.#drainsBy - this.#core.now()));
  }

  /** The gateway is going: the tunnel ends within `ms`, whatever happens on it. */
  endWithin(ms: number): void {
    this.#drainsBy = this.#core.now() + ms;
    this.#core.timers.cancel(this);
    this.#core.timers.schedule(this, ms);
  }

  override onTimeout(): void {
    if (this.#closed) {
      this.#client.connection.destroy(true);
      this.#upstream.connection.destroy(true);
      return;
    }
    this.close(this.#core.now() >= this.#drainsBy ? 'draining' : 'upstream-idle', false);
  }

  /** One side has ended; the other is told, and goes on until it ends too. */
  ended(half: Half): void {
    half.other!.connection.end();
    if (half.other!.hasEnded) this.close(null, false);
  }

  close(code: ErrorCode | null, reset: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#core.timers.cancel(this);
    this.#core.tunnels.delete(this);
    const done = this.#client.finish(reset);
    // A peer that does not take its last bytes is not waited for longer than this.
    if (!this.#upstream.finish(reset) || !done) this.#core.timers.schedule(this, LastBytesMs);
    this.#exchange.error = code;
    const exchange = this.#exchange;
    exchange.record.requestBytes = this.#client.bytes;
    exchange.writer.bodyBytes = this.#upstream.bytes;
    exchange.log();
    exchange.release();
    this.#core.telemetry.tunnel('closed');
    this.#core.gone(this.#downstream.socketId);
  }
}

/** One of the two connections: what comes from it goes to the other. */
class Half implements ConnectionHandler {
  readonly tunnel: Tunnel;
  readonly connection: Connection;
  other: Half | null = null;
  bytes = 0;
  hasEnded = false;
  paused = false;

  constructor(tunnel: Tunnel, connection: Connection) {
    this.tunnel = tunnel;
    this.connection = connection;
  }

  onData(bytes: Buffer, start: number, end: number): void {
    this.tunnel.touch();
    this.bytes += end - start;
    const { connection } = this.other!;
    let ready = true;
    for (let from = start; from < end; from += OutputBytes) {
      const to = Math.min(end, from + OutputBytes);
      connection.output().set(bytes.subarray(from, to));
      ready = connection.writeOutput(to - from) && ready;
    }
    if (ready) return;
    this.paused = true;
    this.connection.pause();
  }

  onEnd(): void {
    this.hasEnded = true;
    this.tunnel.ended(this);
  }

  onDrain(): void {
    this.tunnel.touch();
    const other = this.other!;
    if (!other.paused) return;
    other.paused = false;
    other.connection.resume();
  }

  onClose(error: string | null): void {
    this.tunnel.close(error === null ? null : 'upstream-reset', error !== null);
  }

  /** What was written still goes out, unless the peer must see that the tunnel broke. */
  finish(reset: boolean): boolean {
    if (!reset && this.connection.pending) {
      this.connection.end();
      return false;
    }
    this.connection.destroy(reset);
    return true;
  }
}
