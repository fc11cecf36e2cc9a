/** One downstream HTTP/1.1 connection: cuts its bytes into requests, one at a time, and ends it in good order. Requests are served by `exchange.ts`. */
import { Buffer } from 'node:buffer';
import { persists } from '../http1/connection.ts';
import type { Core } from './core.ts';
import type { ErrorCode } from './errors.ts';
import { ActiveExchange } from './exchange.ts';
import { Peer } from './peer.ts';
import type { Announced } from './proxy-protocol.ts';
import { ByExchange, RequestBody } from './request-body.ts';
import { TimerEntry } from './timers.ts';
import type { Connection, ConnectionHandler } from './transport.ts';
import { isLast, isWorn } from './wear.ts';

// What the next bytes are.
const Idle = 0;
const ReadingHead = 1;
const ReadingBody = 2;
/** The request is complete, its response is not: what comes is held. */
const Answering = 3;
/** Our FIN is sent: what comes is dropped, since closing at once would reset the connection under the last response. */
const Lingering = 4;
const Closed = 5;

/** Pipelined bytes held while a response is under way; then reading stops. */
const MaxHold = 65_536;
const MaxLingerBytes = 1_048_576;
const LingerMs = 2_000;
/** For a client that has used up its time already. */
const LateLingerMs = 250;
/** Of a body nobody reads, to keep the connection. */
const MaxDrain = 65_536;

export class Downstream extends TimerEntry implements ConnectionHandler {
  readonly connection: Connection;
  readonly core: Core;
  readonly socketId: string;
  readonly peer: Peer;
  readonly openedAt: number;
  requests = 0;
  #state = Idle;
  #exchange: ActiveExchange | null = null;
  /** null before the first request that has one. */
  #body: RequestBody | null = null;
  #hold: Buffer | null = null;
  /** Who takes no body bytes now: bits. */
  #blocked = 0;
  #paused = false;
  #consuming = false;
  /** The client sent FIN. */
  #ended = false;
  /** Bytes received while lingering. */
  #dropped = 0;
  /** When what `#state` waits for is overdue; Infinity for never. */
  #due = Number.POSITIVE_INFINITY;
  #writeDue = Number.POSITIVE_INFINITY;

  constructor(connection: Connection, core: Core, socketId: string, announced: Announced | null) {
    super();
    this.connection = connection;
    this.core = core;
    this.socketId = socketId;
    this.peer = new Peer(connection, core.clientsOf(socketId), announced);
    this.openedAt = core.now();
    core.downstreams.add(this);
    core.opened(socketId);
    this.#wait(this.peer.terms.timeouts.idle);
  }

  get idle(): boolean {
    return this.#state === Idle;
  }

  get closed(): boolean {
    return this.#state === Closed;
  }

  onData(bytes: Buffer, start: number, end: number): void {
    if (this.#hold === null) this.#consume(bytes, start, end);
    else this.#keep(bytes, start, end);
  }

  onEnd(): void {
    this.#ended = true;
    switch (this.#state) {
      case Closed:
        return;
      case Answering:
        if (this.core.settings.client.halfClose === 'Answer') return;
        break;
      // What was written before still goes out.
      case Idle:
        if (!this.connection.pending) break;
        this.#linger(LingerMs);
        return;
      case Lingering:
        if (this.connection.pending) return;
        break;
      default:
    }
    // An idle client has left; one in the middle of a request, or that does not wait for its answer, has given up.
    this.destroy('client-closed', this.#state === ReadingBody);
  }

  onDrain(): void {
    this.#writeDue = Number.POSITIVE_INFINITY;
    if (this.#exchange !== null) this.#exchange.onClientDrain();
    else if (this.#state === Lingering && this.#ended) this.destroy('client-closed', false);
    else if (this.#state === Idle) this.#release();
  }

  onClose(_error: string | null): void {
    this.destroy('client-closed', false);
  }

  /** Ends the connection at once, and what runs on it. */
  destroy(code: ErrorCode, reset: boolean): void {
    if (this.#state === Closed) return;
    this.#state = Closed;
    this.#hold = null;
    const exchange = this.#exchange;
    this.#exchange = null;
    if (exchange !== null) exchange.abandon(code);
    this.connection.destroy(reset);
    this.#gone();
  }

  /** Hands the connection over to a tunnel, with the client's bytes that were held. */
  detach(): Buffer | null {
    const hold = this.#hold;
    this.#hold = null;
    this.#state = Closed;
    this.#exchange = null;
    this.core.timers.cancel(this);
    this.core.downstreams.delete(this);
    return hold;
  }

  /** Whether this connection takes another request after the one that is being answered. */
  keepsAlive(exchange: ActiveExchange): boolean {
    const { core } = this;
    return (
      !core.draining &&
      // A socket that no table names any more goes when its connections have gone.
      core.table.sockets.has(this.socketId) &&
      !this.#ended &&
      persists(exchange.request.options, exchange.request.head.minor) &&
      !isWorn(core, this.requests, this.openedAt, this.connection.remotePort) &&
      (this.#state !== ReadingBody || this.#drainable(exchange))
    );
  }

  /** No more body bytes are taken for now. */
  block(by = ByExchange): void {
    if (this.#state !== ReadingBody) return;
    this.#blocked |= by;
    this.#pause();
  }

  unblock(by = ByExchange): void {
    if ((this.#blocked & by) === 0 || (this.#blocked &= ~by) !== 0) return;
    this.#body?.excuse(this.core.now());
    this.#release();
  }

  /** A write waits for the client. */
  onSlow(): void {
    if (this.#writeDue !== Number.POSITIVE_INFINITY) return;
    const { write } = this.core.settings.timeouts;
    if (write === 0) return;
    this.#writeDue = this.core.now() + write;
    this.#schedule();
  }

  /** The exchange is over and recorded. @param keepAlive what the response has said */
  finished(keepAlive: boolean): void {
    const exchange = this.#exchange!;
    const closes = this.#state === Answering && this.#hold === null && isLast(exchange) && !this.connection.pending;
    this.#exchange = null;
    this.#blocked = 0;
    exchange.release();
    if (closes) return this.destroy('client-closed', false);
    if (!keepAlive || this.#state === ReadingBody || this.#ended) {
      this.#linger(exchange.error === 'request-timeout' ? LateLingerMs : LingerMs);
      return;
    }
    this.#state = Idle;
    this.#wait(this.peer.terms.timeouts.idle);
    this.#release();
  }

  override onTimeout(): void {
    if (this.#state === Closed) return;
    const now = this.core.now();
    if (now >= this.#writeDue) {
      this.core.telemetry.limitHit('write-timeout');
      this.destroy('client-closed', true);
      return;
    }
    if (now >= this.#due) this.#overdue();
    if (!this.closed) this.#schedule();
  }

  #overdue(): void {
    this.#due = Number.POSITIVE_INFINITY;
    switch (this.#state) {
      case ReadingHead:
        this.core.telemetry.limitHit('header-timeout');
        this.#refuse('request-timeout');
        return;
      case ReadingBody:
        this.#checkProgress();
        return;
      case Lingering:
        // A client that still reads its response is given the write timeout.
        if (this.connection.pending && this.#writeDue === Number.POSITIVE_INFINITY) this.onSlow();
        if (this.connection.pending) this.#due = this.core.now() + LingerMs;
        else this.destroy('client-closed', false);
        return;
      case Idle:
        this.destroy('client-closed', false);
        return;
      default:
    }
  }

  /** A body must move, and with at least the minimum rate, unless it is we who hold it. */
  #checkProgress(): void {
    const timeout = this.peer.terms.timeouts.body;
    const [body, now] = [this.#body!, this.core.now()];
    if (this.#blocked !== 0) body.excuse(now);
    if (body.keptPace(now, this.core.settings.timeouts.minBodyRate, timeout)) {
      this.#wait(RequestBody.step(timeout));
      return;
    }
    this.core.telemetry.limitHit('body-timeout');
    if (this.#exchange === null || !this.#exchange.failRequest('request-timeout'))
      this.destroy('request-timeout', true);
  }

  #consume(bytes: Buffer, start: number, end: number): void {
    this.#consuming = true;
    for (let at = start; at < end; ) {
      if (!this.#takesBytes()) {
        this.#keep(bytes, at, end);
        break;
      }
      if (this.#state === ReadingBody) at = this.#readBody(bytes, at, end);
      else at = this.#readHead(bytes, at, end);
    }
    this.#consuming = false;
    if (this.#exchange !== null) this.#exchange.onTurnEnd();
  }

  #readHead(bytes: Buffer, start: number, end: number): number {
    const exchange = (this.#exchange ??= this.#acquire());
    const { received, head } = exchange.request;
    const verdict = received.add(bytes, start, end, head, this.core.settings.limits.headerBytes);
    if (verdict === 'complete') this.#begin(exchange);
    else if (verdict !== 'incomplete') this.#refuse(verdict);
    else if (this.#state === Idle) {
      this.#state = ReadingHead;
      this.#wait(this.peer.terms.timeouts.header);
    }
    return start + received.taken;
  }

  #begin(exchange: ActiveExchange): void {
    const { core } = this;
    this.requests++;
    this.peer.follow(core, this.socketId);
    this.#due = Number.POSITIVE_INFINITY;
    this.#state = Answering;
    const refusal = exchange.read();
    if (refusal !== null) {
      this.#refuse(refusal);
      return;
    }
    const { bodyLength } = exchange.request;
    if (bodyLength !== 0) {
      this.#state = ReadingBody;
      this.#blocked = ByExchange;
      this.#body ??= new RequestBody();
      this.#body.begin(bodyLength, core.now());
      this.#wait(RequestBody.step(this.peer.terms.timeouts.body));
    }
    exchange.start();
  }

  #readBody(bytes: Buffer, start: number, end: number): number {
    const exchange = this.#exchange!;
    const body = this.#body!;
    if (!body.read(bytes, start, end)) {
      // The answer to the head may be on its way already; then nothing but an end that cannot be taken for a complete one is left.
      if (!exchange.failRequest('bad-request')) this.destroy('bad-request', true);
      return end;
    }
    const { dataStart, dataEnd, next, last } = body;
    if (last) {
      this.#state = Answering;
      this.#due = Number.POSITIVE_INFINITY;
    }
    exchange.onBody(bytes, dataStart, dataEnd, last, last ? body.trailers : null);
    return next;
  }

  /** Answers what cannot be read as a request, and closes: nobody knows where the next one begins. */
  #refuse(code: ErrorCode): void {
    if (code === 'headers-too-large') this.core.telemetry.limitHit('headers');
    else if (code === 'uri-too-long') this.core.telemetry.limitHit('url-length');
    this.#state = Answering;
    this.#due = Number.POSITIVE_INFINITY;
    this.#exchange!.refuse(code);
  }

  #acquire(): ActiveExchange {
    const exchange = this.core.spare.pop() ?? new ActiveExchange(this.core, this.peer);
    exchange.open(this);
    return exchange;
  }

  #drainable(exchange: ActiveExchange): boolean {
    return !exchange.request.expectsContinue && this.#body!.endsWithin(MaxDrain);
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    if (this.#state === Lingering) this.#drop(end - start);
    if (this.#state === Lingering || this.#state === Closed) return;
    const more = bytes.subarray(start, end);
    this.#hold = this.#hold === null ? Buffer.from(more) : Buffer.concat([this.#hold, more]);
    if (this.#hold.length >= MaxHold) this.#pause();
  }

  /** Goes on with what was held, unless the caller is the loop that reads. */
  #release(): void {
    if (this.#consuming) {
      if (this.#hold === null) this.#resume();
      return;
    }
    while (this.#hold !== null && this.#takesBytes()) {
      const hold = this.#hold;
      this.#hold = null;
      this.#consume(hold, 0, hold.length);
    }
    if (this.#hold === null && this.#blocked === 0) this.#resume();
  }

  #takesBytes(): boolean {
    // While a response waits for its client no other request is begun: one that pipelines and never reads would have us hold all answers.
    if (this.#state === Idle) return !this.connection.pending;
    return this.#state === ReadingHead || (this.#state === ReadingBody && this.#blocked === 0);
  }

  #linger(ms: number): void {
    this.#state = Lingering;
    this.#hold = null;
    this.#resume();
    this.connection.end();
    if (this.#ended && !this.connection.pending) this.destroy('client-closed', false);
    else this.#wait(ms);
  }

  #drop(bytes: number): void {
    this.#dropped += bytes;
    if (this.#dropped > MaxLingerBytes) this.destroy('client-closed', true);
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.connection.pause();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.connection.resume();
  }

  /** @param ms 0 for no limit */
  #wait(ms: number): void {
    if (ms === 0) {
      this.#due = Number.POSITIVE_INFINITY;
      return;
    }
    this.#due = this.core.now() + ms;
    this.#schedule();
  }

  #schedule(): void {
    const next = Math.min(this.#due, this.#writeDue);
    if (next !== Number.POSITIVE_INFINITY) this.core.timers.schedule(this, next - this.core.now());
  }

  #gone(): void {
    this.core.timers.cancel(this);
    this.core.downstreams.delete(this);
    this.core.gone(this.socketId);
  }
}
