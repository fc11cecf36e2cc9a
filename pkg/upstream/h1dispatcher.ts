/**
 * The fast lane: the connections of one plaintext HTTP/1.1 endpoint. `dispatchRaw` moves bytes for the proxy; `dispatch` makes it an undici
 * Dispatcher like any other, for everything that speaks undici. Idle connections are used again last in, first out.
 *
 * A request on a reused connection that died before a byte of the response came is sent once more on a new connection, silently, if nothing of it
 * had been sent, or if it is idempotent and has no body. All other retries are the proxy's, which `untouched` of onFailure tells what is safe.
 */
import { Dispatcher } from 'undici';
import { TimerEntry } from '../proxy/timers.ts';
import type { Connection } from '../proxy/transport.ts';
import type { Telemetry } from '../telemetry/record.ts';
import { H1Connection } from './h1connection.ts';
import type { ConnectFailure, Dial, H1Context } from './h1context.ts';
import { dispatchOn } from './h1dispatch.ts';
import { H1Stream } from './h1stream.ts';
import { endpointName, type Lane, type LaneStats } from './lane.ts';
import type { Pending } from './pending.ts';
import type { ResponseHandler, UpstreamRequest, UpstreamStream } from './upstream.ts';

export interface H1Options {
  /** What telemetry calls it: name of the cluster. */
  readonly cluster: string;
  readonly host: string;
  readonly port: number;
  readonly connectTimeout: number;
  readonly idleTimeout: number;
  /** 0 for no limit. */
  readonly maxLifetime: number;
  /** Tunnels are not counted: after their 101 they are the proxy's. */
  readonly maxConnections: number;
}

/** Idle connections are looked at so many times per idle timeout: no clock is read and no timer moved per request. */
const SweepsPerTimeout = 4;

export class H1Dispatcher extends Dispatcher implements Lane {
  readonly name: string;
  /** Attempts that wait or are under way, for least-request. */
  load = 0;
  readonly #options: H1Options;
  readonly #context: H1Context;
  readonly #pending: Pending;
  readonly #telemetry: Telemetry;
  /** Idle, most recently used first. */
  #newest: H1Connection | null = null;
  #oldest: H1Connection | null = null;
  #idle = 0;
  /** Open and being opened. */
  #connections = 0;
  #connecting = 0;
  /** Attempts that wait, in order. */
  #first: H1Stream | null = null;
  #last: H1Stream | null = null;
  #waiting = 0;
  #closing: (() => void)[] | null = null;
  readonly #open = new Set<H1Connection>();
  readonly #sweeper: Sweeper;

  constructor(options: H1Options, context: H1Context, pending: Pending, telemetry: Telemetry) {
    super();
    this.#options = options;
    this.#context = context;
    this.#pending = pending;
    this.#telemetry = telemetry;
    this.name = endpointName(options.host, options.port);
    this.#sweeper = new Sweeper(() => this.#sweep());
  }

  get stats(): LaneStats {
    return { open: this.#connections, idle: this.#idle, waiting: this.#waiting };
  }

  /** For undici users. An upgrade is refused with an error: tunnels are the raw side's. */
  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return dispatchOn(this, options, handler);
  }

  dispatchRaw(request: UpstreamRequest, handler: ResponseHandler): UpstreamStream {
    const stream = new H1Stream(this, request, handler);
    this.load++;
    // Never past those who wait already.
    const connection = this.#waiting === 0 ? this.#newest : null;
    if (connection === null) this.#wait(stream);
    else this.#start(connection, stream);
    return stream;
  }

  /** The connection died under a request that can be sent again. @returns false: it was the second time */
  retry(stream: H1Stream): boolean {
    if (stream.retried || !stream.reused || stream.request.bodyLength !== 0) return false;
    stream.retried = true;
    stream.connection = null;
    this.#enqueue(stream, true);
    // On a new one if possible: the other idle ones probably died with it.
    if (this.#connections < this.#options.maxConnections) this.#connect();
    return true;
  }

  /** Called by streams and connections, which is why these five are public. */
  settled(stream: H1Stream): void {
    this.load--;
    if (stream.waiting) this.#dequeue(stream);
    this.#checkClosed();
  }

  rest(connection: H1Connection): void {
    if (this.#closing !== null && this.#waiting === 0) {
      connection.close();
      return;
    }
    connection.resting = true;
    connection.sweeps = 0;
    connection.older = this.#newest;
    if (this.#newest === null) this.#oldest = connection;
    else this.#newest.newer = connection;
    this.#newest = connection;
    if (this.#idle++ === 0) this.#context.timers.schedule(this.#sweeper, this.#options.idleTimeout / SweepsPerTimeout);
  }

  /** Gives idle connections to those who wait, and opens more for the rest. */
  serve(): void {
    while (this.#first !== null && this.#newest !== null) {
      const stream = this.#first;
      this.#dequeue(stream);
      this.#start(this.#newest, stream);
    }
    while (this.#waiting > this.#connecting && this.#connections < this.#options.maxConnections) this.#connect();
  }

  trim(): void {
    while (this.#oldest !== null) this.#oldest.close();
  }

  gone(connection: H1Connection): void {
    this.#connections--;
    this.#open.delete(connection);
    this.#unlink(connection);
    this.#telemetry.upstreamConnection(this.#options.cluster, 'closed');
    this.serve();
    this.#checkClosed();
  }

  override close(): Promise<void>;
  override close(callback: () => void): void;
  /** Finishes what is under way and waiting, closes what is idle; resolves when no connection is left. */
  override close(callback?: () => void): Promise<void> | void {
    this.#closing ??= [];
    this.trim();
    this.#context.timers.cancel(this.#sweeper);
    if (callback !== undefined) {
      this.#closing.push(callback);
      return this.#checkClosed();
    }
    return new Promise((resolve) => {
      this.#closing?.push(resolve);
      this.#checkClosed();
    });
  }

  override destroy(error?: Error | null): Promise<void>;
  override destroy(callback: () => void): void;
  override destroy(error: Error | null, callback: () => void): void;
  /** Ends what is under way, too; it fails with `upstream-reset`. */
  override destroy(...given: readonly unknown[]): Promise<void> | void {
    this.#closing ??= [];
    while (this.#first !== null) this.#first.fail('draining', true);
    for (const connection of this.#open) connection.kill();
    const closed = this.close();
    const told = given.find((each) => typeof each === 'function') as (() => void) | undefined;
    if (told === undefined) return closed;
    void closed.then(() => told());
  }

  #start(connection: H1Connection, stream: H1Stream): void {
    this.#unlink(connection);
    if (connection.served) this.#telemetry.upstreamConnection(this.#options.cluster, 'reused');
    connection.begin(stream);
  }

  #wait(stream: H1Stream): void {
    if (this.#connections < this.#options.maxConnections) {
      this.#connect();
      this.#enqueue(stream, false);
    } else if (this.#pending.enter()) {
      stream.counted = true;
      this.#enqueue(stream, false);
    } else process.nextTick(overload, stream);
  }

  #connect(): void {
    this.#connections++;
    this.#connecting++;
    const { host, port, connectTimeout } = this.#options;
    const done: Parameters<Dial>[3] = (connection, failure) => {
      this.#connecting--;
      if (connection === null) this.#onConnectFailure(failure);
      else this.#onConnect(connection);
    };
    this.#context.dial(host, port, connectTimeout, done, () => this.#waiting >= this.#connecting);
  }

  #onConnect(raw: Connection): void {
    const { cluster, maxLifetime } = this.#options;
    this.#telemetry.upstreamConnection(cluster, 'opened');
    const connection = new H1Connection(raw, this, this.#context);
    this.#open.add(connection);
    if (maxLifetime > 0) this.#context.timers.schedule(connection, maxLifetime);
    this.rest(connection);
    this.serve();
  }

  #onConnectFailure(failure: ConnectFailure): void {
    this.#connections--;
    if (failure === 'unwanted') {
      this.#checkClosed();
      return;
    }
    this.#telemetry.upstreamConnection(this.#options.cluster, 'failed');
    const stream = this.#first;
    if (stream !== null) stream.fail(failure, failure !== 'egress-denied' && failure !== 'overloaded');
    this.serve();
    this.#checkClosed();
  }

  #enqueue(stream: H1Stream, first: boolean): void {
    stream.waiting = true;
    stream.queued = true;
    this.#waiting++;
    stream.next = first ? this.#first : null;
    stream.previous = first ? null : this.#last;
    if (stream.next === null) this.#last = stream;
    else stream.next.previous = stream;
    if (stream.previous === null) this.#first = stream;
    else stream.previous.next = stream;
  }

  #dequeue(stream: H1Stream): void {
    stream.waiting = false;
    this.#waiting--;
    if (stream.counted) this.#pending.leave();
    stream.counted = false;
    if (stream.next === null) this.#last = stream.previous;
    else stream.next.previous = stream.previous;
    if (stream.previous === null) this.#first = stream.next;
    else stream.previous.next = stream.next;
    stream.next = null;
    stream.previous = null;
  }

  #unlink(connection: H1Connection): void {
    if (!connection.resting) return;
    connection.resting = false;
    this.#idle--;
    const { newer, older } = connection;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    connection.newer = null;
    connection.older = null;
  }

  #sweep(): void {
    for (let each = this.#oldest; each !== null; ) {
      const { newer } = each;
      // Idle for at least the whole timeout, at most a quarter longer.
      if (++each.sweeps > SweepsPerTimeout) each.close();
      each = newer;
    }
    if (this.#idle > 0) this.#context.timers.schedule(this.#sweeper, this.#options.idleTimeout / SweepsPerTimeout);
  }

  #checkClosed(): void {
    if (this.#closing === null || this.#open.size > 0 || this.#waiting > 0) return;
    for (const resolve of this.#closing.splice(0)) resolve();
  }
}

class Sweeper extends TimerEntry {
  readonly #sweep: () => void;

  constructor(sweep: () => void) {
    super();
    this.#sweep = sweep;
  }

  override onTimeout(): void {
    this.#sweep();
  }
}

const overload = (stream: H1Stream): void => stream.fail('overloaded', false);
