/** Attempts upstream: chooses the backend, sends the request, tries again where that is safe, and passes the response on at the client's pace. */
import type { Buffer } from 'node:buffer';
import type { Head } from '../http1/head.ts';
import type { Backend } from '../ir/route.ts';
import type { RuntimeRule } from '../routing/table.ts';
import type { AccessRecord } from '../telemetry/record.ts';
import { chooseBackend } from '../upstream/balance/backends.ts';
import { backoff, isConnectFailure, isIdempotent, retriesFailure, retriesStatus } from '../upstream/retry.ts';
import type { ClusterRuntime, ResponseHandler, UpstreamStream } from '../upstream/upstream.ts';
import { Deadline } from './deadline.ts';
import { EarlyBody } from './early-body.ts';
import type { ErrorCode } from './errors.ts';
import type { ActiveExchange } from './exchange.ts';
import { Leftover } from './leftover.ts';
import { Mirrors } from './mirrors.ts';
import { Replay } from './replay.ts';
import type { Connection } from './transport.ts';
import { beginTunnel, writeInterim } from './write-interim.ts';

/** Tries of our own after a connection that was not made or had died in the pool: nothing was sent that a server has seen. */
const SilentRetries = 2;

export class Forward implements ResponseHandler {
  readonly #exchange: ActiveExchange;
  #stream: UpstreamStream | null = null;
  #cluster: ClusterRuntime | null = null;
  #attempts = 0;
  /** Those that the rule asks for. */
  #retries = 0;
  #silent = 0;
  #attemptAt = 0;
  #headAt = -1;
  /** Endpoint of the last attempt. */
  #endpoint = '';
  readonly replay = new Replay();
  readonly #mirrors = new Mirrors();
  readonly #requestTimer: Deadline;
  readonly #attemptTimer: Deadline;
  readonly #backoffTimer: Deadline;
  readonly #idleTimer: Deadline;
  #idleMs = 0;
  /** `cluster.request` runs: a failure it reports at once is looked at when it has returned. */
  #starting = false;
  #failedCode: ErrorCode | null = null;
  #failedUntouched = false;
  #unflushed = false;
  /** The response's head is with an asynchronous filter; the body that came meanwhile. */
  #held = false;
  readonly #early = new EarlyBody();
  #headTaken = false;

  constructor(exchange: ActiveExchange) {
    this.#exchange = exchange;
    this.#requestTimer = new Deadline(() => this.#onRequestTimeout());
    this.#attemptTimer = new Deadline(() => this.#onAttemptTimeout());
    this.#backoffTimer = new Deadline(() => this.#attempt());
    this.#idleTimer = new Deadline(() => this.#onIdle());
  }

  /** Picks the backend of this exchange. @returns why there is none */
  choose(rule: RuntimeRule, backends: readonly Backend[]): ErrorCode | null {
    const { core } = this.#exchange;
    const backend = chooseBackend(backends, core.usable, core.random());
    if (backend === null) return 'backend-invalid';
    const { cluster } = backend;
    // Gateway API: requests that would go to an invalid backend "MUST be rejected with a 500".
    if (cluster === null) return 'backend-invalid';
    const runtime = core.clusters.get(cluster);
    if (runtime === undefined) return 'no-endpoint';
    this.#cluster = runtime;
    this.#exchange.backend = rule.backends === null ? null : rule.backends[backends.indexOf(backend)]!;
    return null;
  }

  begin(): void {
    const exchange = this.#exchange;
    const { core, request } = exchange;
    const { timeouts } = exchange.rule!;
    this.#attempts = 0;
    this.#retries = 0;
    this.#silent = 0;
    this.#headAt = -1;
    this.#headTaken = false;
    this.#idleMs = timeouts.idle ?? 0;
    const collected = this.replay.collects;
    this.replay.begin(request.bodyLength === 0 ? 0 : core.settings.limits.replayBytes);
    if (exchange.mirrors.length > 0) this.#mirrors.begin(exchange, collected);
    if (timeouts.request !== undefined && timeouts.request > 0) {
      const spent = core.now() - exchange.startedAt;
      core.timers.schedule(this.#requestTimer, timeouts.request - spent);
    }
    this.#attempt();
  }

  /** Body bytes of the client. */
  body(bytes: Buffer, start: number, end: number, last: boolean, trailers: Buffer | null): void {
    this.#mirrors.body(bytes, start, end, last);
    if (!this.#headTaken) this.replay.add(bytes, start, end);
    const stream = this.#stream;
    if (stream === null) return;
    if (this.#idleMs > 0 && this.#headTaken) this.#touch();
    const more = start === end || stream.write(bytes, start, end, false);
    // The write may have ended it.
    if (this.#stream !== stream) return;
    this.#unflushed = true;
    if (last) {
      this.#unflushed = false;
      this.replay.end(trailers);
      stream.end(this.#exchange.request.headers.trailers(trailers));
    } else if (!more) this.#exchange.downstream!.block();
  }

  /** The turn ends: what was held back to go out together goes out. */
  flush(): void {
    if (!this.#unflushed) return;
    this.#unflushed = false;
    if (this.#stream !== null) this.#stream.flush();
  }

  /** Gives up whatever runs. */
  cancel(): void {
    this.#stopTimers();
    this.#giveUp();
  }

  /** Ready for the next exchange. */
  reset(): void {
    this.cancel();
    this.#cluster = null;
    this.#endpoint = '';
    this.#attempts = 0;
    this.#headAt = -1;
    this.#unflushed = false;
    this.#headTaken = false;
    this.#held = false;
    this.#early.clear();
    this.replay.clear();
    this.#mirrors.clear();
  }

  describe(record: AccessRecord): void {
    record.attempts = this.#attempts;
    if (this.#cluster !== null) record.cluster = this.#cluster.name;
    record.endpoint = this.#stream === null ? this.#endpoint : this.#stream.endpoint;
    record.upstreamDuration = this.#headAt < 0 ? -1 : Math.round((this.#headAt - this.#attemptAt) * 1000);
  }

  onInformational(status: number, bytes: Buffer, head: Head): void {
    writeInterim(this.#exchange, status, bytes, head);
  }

  onHead(status: number, bytes: Buffer, head: Head, length: number): void {
    const exchange = this.#exchange;
    const { core, rule } = exchange;
    this.#headAt = core.now();
    core.timers.cancel(this.#attemptTimer);
    if (retriesStatus(rule!.retry, this.#retries, status) && this.replay.complete) {
      this.#giveUp();
      this.#again(rule!.retry!);
      return;
    }
    core.timers.cancel(this.#requestTimer);
    this.#headTaken = true;
    if (this.#idleMs > 0) this.#touch();
    const stream = this.#stream;
    exchange.onUpstreamHead(status, bytes, head, length);
    // What a filter has answered instead may be sent already, and this exchange serve the next request.
    if (exchange.responseStarted || stream === null || this.#stream !== stream) return;
    this.#held = true;
    stream.pause();
  }

  /** The filters are done with the head, now or some turns after it came. */
  onResponseReady(): void {
    if (!this.#held) return;
    this.#held = false;
    const early = this.#early;
    for (const bytes of early.take()) if (!this.#deliver(bytes, 0, bytes.length, false)) return;
    if (early.ended) {
      this.#finish(early.trailers);
      return;
    }
    this.onFlush();
    this.onBodyReady();
  }

  /** Nothing but a slow client keeps the response from going on. */
  onBodyReady(): void {
    const { responseStarted, transforms, writer } = this.#exchange;
    if (this.#stream !== null && responseStarted && !writer.slow && transforms.body?.busy !== true)
      this.#stream.resume();
  }

  /** A filter answers itself: what the backend has said is dropped. */
  discard(): void {
    const { core, requestDone } = this.#exchange;
    const stream = this.#stream;
    this.#stream = null;
    this.#stopTimers();
    this.#held = false;
    if (stream === null) return;
    this.#endpoint = stream.endpoint;
    if (this.#early.ended) return;
    if (requestDone) new Leftover(stream, core.timers).begin();
    else stream.abort();
  }

  onData(bytes: Buffer, start: number, end: number, owned: boolean): void {
    if (this.#idleMs > 0) this.#touch();
    if (this.#exchange.responseStarted) this.#deliver(bytes, start, end, owned);
    else this.#early.add(bytes, start, end);
  }

  onEnd(trailers: Buffer | null): void {
    if (this.#exchange.responseStarted) this.#finish(trailers);
    else this.#early.end(trailers);
  }

  onFlush(): void {
    const { writer, responseStarted } = this.#exchange;
    if (!responseStarted || this.#stream === null) return;
    writer.flush();
    if (writer.slow) this.#waitForClient();
  }

  onUpgrade(_status: number, bytes: Buffer, head: Head, connection: Connection, early: Buffer | null): void {
    const stream = this.#stream!;
    this.#endpoint = stream.endpoint;
    this.#headAt = this.#exchange.core.now();
    this.#stream = null;
    this.#stopTimers();
    beginTunnel(this.#exchange, bytes, head, connection, early);
  }

  onRequestDrain(): void {
    this.#exchange.downstream?.unblock();
  }

  onFailure(code: ErrorCode, untouched: boolean): void {
    if (this.#starting) {
      this.#failedCode = code;
      this.#failedUntouched = untouched;
      return;
    }
    const stream = this.#stream!;
    this.#endpoint = stream.endpoint;
    this.#stream = null;
    this.#failed(code, untouched, stream.reused);
  }

  #attempt(): void {
    const exchange = this.#exchange;
    const { core, request, rule } = exchange;
    this.#attempts++;
    this.#attemptAt = core.now();
    this.#starting = true;
    this.#failedCode = null;
    const stream = this.#cluster!.request(request, this, this.#endpoint);
    this.#starting = false;
    if (this.#failedCode !== null) {
      this.#endpoint = stream.endpoint;
      this.#failed(this.#failedCode, this.#failedUntouched, false);
      return;
    }
    this.#stream = stream;
    // On a connection that stands, nothing of a POST is ever sent twice unless a rule asks for it: no copy is kept.
    if (stream.reused && rule!.retry === undefined && !isIdempotent(request.forwardMethod)) this.replay.forgo();
    const { backendRequest } = rule!.timeouts;
    if (backendRequest !== undefined && backendRequest > 0) core.timers.schedule(this.#attemptTimer, backendRequest);
    if (request.bodyLength === 0) return;
    this.#unflushed = true;
    const more = this.replay.write(stream);
    if (exchange.requestDone) {
      this.#unflushed = false;
      stream.end(request.headers.trailers(this.replay.trailers));
    } else if (more) exchange.downstream!.unblock();
  }

  #failed(code: ErrorCode, untouched: boolean, reused: boolean): void {
    const exchange = this.#exchange;
    const { core, request, rule } = exchange;
    core.timers.cancel(this.#attemptTimer);
    if (this.#headTaken) {
      this.#broken(code);
      return;
    }
    const replayable = this.replay.complete && request.upgrade === null;
    const safe = untouched || isIdempotent(request.forwardMethod);
    if (replayable && retriesFailure(rule!.retry, this.#retries, code, safe)) {
      this.#again(rule!.retry!);
      return;
    }
    // Not a retry that a user would have to ask for: no server has seen this request, and another connection or endpoint may do.
    if (this.replay.complete && untouched && (reused || isConnectFailure(code)) && this.#silent < SilentRetries) {
      this.#silent++;
      exchange.downstream!.block();
      this.#attempt();
      return;
    }
    this.#stopTimers();
    // Gateway API (HTTPRouteRetryConnectionError): when the retries of a connection error are used up, the answer is 500 or 503, not 502.
    // Of what was never tried again, such as a POST, it is the 502 that says that a server may have acted on it.
    exchange.fail(this.#retries > 0 && code === 'upstream-reset' ? 'connect-failed' : code);
  }

  #again(retry: NonNullable<RuntimeRule['retry']>): void {
    const { core, downstream } = this.#exchange;
    downstream!.block();
    core.timers.schedule(this.#backoffTimer, backoff(retry, this.#retries++, core.random()));
  }

  /** The response broke off: the client must not take what it has for the whole. */
  #broken(code: ErrorCode): void {
    const exchange = this.#exchange;
    this.#stopTimers();
    exchange.error = code;
    exchange.writer.flush();
    if (exchange.responseStarted) exchange.downstream!.destroy(code, true);
    else exchange.fail(code);
  }

  #finish(trailers: Buffer | null): void {
    const exchange = this.#exchange;
    this.#endpoint = this.#stream === null ? this.#endpoint : this.#stream.endpoint;
    this.#stream = null;
    this.#stopTimers();
    // Trailers may speak of the bytes before their transformation: they are dropped.
    const { body } = exchange.transforms;
    if (body !== null) body.end();
    else {
      exchange.writer.end(trailers);
      exchange.onResponseEnd();
    }
  }

  /** @returns whether the response goes on */
  #deliver(bytes: Buffer, start: number, end: number, owned: boolean): boolean {
    const exchange = this.#exchange;
    const { transforms, writer } = exchange;
    const { body } = transforms;
    if (body === null) writer.data(bytes, start, end, owned);
    else {
      body.data(bytes, start, end);
      if (transforms.body !== body) return false;
      if (body.busy) this.#stream?.pause();
    }
    if (writer.slow) this.#waitForClient();
    return true;
  }

  #waitForClient(): void {
    if (this.#stream !== null) this.#stream.pause();
    this.#exchange.downstream!.onSlow();
  }

  #giveUp(): void {
    const stream = this.#stream;
    this.#stream = null;
    if (stream === null) return;
    this.#endpoint = stream.endpoint;
    stream.abort();
  }

  #touch(): void {
    this.#exchange.core.timers.schedule(this.#idleTimer, this.#idleMs);
  }

  #onRequestTimeout(): void {
    this.#giveUp();
    this.#stopTimers();
    this.#exchange.fail('upstream-timeout');
  }

  #onAttemptTimeout(): void {
    this.#giveUp();
    this.#failed('upstream-timeout', false, false);
  }

  #onIdle(): void {
    // A client that does not read is the write timeout's business, a filter that takes its time its own.
    if (this.#exchange.writer.slow || this.#exchange.transforms.body?.busy === true) {
      this.#touch();
      return;
    }
    this.#giveUp();
    this.#broken('upstream-idle');
  }

  #stopTimers(): void {
    const { timers } = this.#exchange.core;
    timers.cancel(this.#requestTimer);
    timers.cancel(this.#attemptTimer);
    timers.cancel(this.#backoffTimer);
    timers.cancel(this.#idleTimer);
  }
}
