/** One plaintext HTTP/1.1 connection to an endpoint: writes requests, reads responses, one after the other. Owned by an H1Dispatcher. */
import { Buffer } from 'node:buffer';
import { BadChunk, ChunkedDecoder, Done } from '../http1/chunked.ts';
import { connectionOptions, InvalidOptions, persists } from '../http1/connection.ts';
import { InvalidFraming, responseLength, saysFraming } from '../http1/framing.ts';
import { Head, Incomplete, scanResponse } from '../http1/head.ts';
import type { ErrorCode } from '../proxy/errors.ts';
import { TimerEntry } from '../proxy/timers.ts';
import type { Connection, ConnectionHandler } from '../proxy/transport.ts';
import type { H1Context } from './h1context.ts';
import type { H1Dispatcher } from './h1dispatcher.ts';
import type { H1Stream } from './h1stream.ts';
import { H1Writer } from './h1writer.ts';
import { isIdempotent } from './retry.ts';
import { BodyChunked, BodyUntilEnd } from './upstream.ts';

/** Idle: no request is under way. Head and Body: of the response awaited. Closed: nothing is sent or read any more. */
const Idle = 0;
const AwaitsHead = 1;
const ReadsBody = 2;
const Closed = 3;

/** Of 1xx before one final response. */
const MaxInformational = 64;
/** A read of this length says that more is waiting: only then a large buffer pays. */
const FullRead = 65_536;
/** A body of unknown length that trickles gives its large buffer back: an event stream must not hold 256 KiB for hours. */
const Trickle = 16_384;

export class H1Connection extends TimerEntry implements ConnectionHandler {
  /** Place and age in the idle list of the dispatcher. */
  resting = false;
  newer: H1Connection | null = null;
  older: H1Connection | null = null;
  sweeps = 0;
  /** Past its lifetime: finishes what it does, serves nothing more. */
  expired = false;
  served = false;

  readonly #connection: Connection;
  readonly #dispatcher: H1Dispatcher;
  readonly #context: H1Context;
  readonly #head = new Head();
  #decoder: ChunkedDecoder | null = null;
  #state = Idle;
  #stream: H1Stream | null = null;
  /** Response: head bytes of earlier reads, body bytes to come or BodyChunked or BodyUntilEnd. */
  #held: Buffer | null = null;
  #left = 0;
  #informational = 0;
  #answered = false;
  #persists = false;
  #large: Buffer | null = null;
  readonly #writer: H1Writer;

  constructor(connection: Connection, dispatcher: H1Dispatcher, context: H1Context) {
    super();
    this.#connection = connection;
    this.#dispatcher = dispatcher;
    this.#context = context;
    this.#writer = new H1Writer(connection, context.outbox);
    connection.handler = this;
  }

  /** Its lifetime is over. */
  override onTimeout(): void {
    this.expired = true;
    if (this.#state === Idle) this.close();
  }

  // ── Request ──

  begin(stream: H1Stream): void {
    this.#stream = stream;
    this.#state = AwaitsHead;
    this.#informational = 0;
    this.#answered = false;
    this.#persists = true;
    stream.connection = this;
    stream.reused = this.served;
    this.served = true;
    if (stream.paused) this.#connection.pause();
    if (!this.#writer.begin(stream.request)) process.nextTick(refuse, this, stream);
    else if (!this.#writer.done && stream.queued) this.#sendEarly(stream);
  }

  /** @returns false: wait for the drain */
  writeBody(bytes: Buffer, start: number, end: number, owned: boolean): boolean {
    const length = end - start;
    if (length <= 0) return true;
    const excess = length - this.#writer.left;
    // The endpoint would read them as the next request: a bug of the caller that must not pass.
    if (this.#writer.left !== BodyChunked && excess > 0) {
      this.#fail('internal', false);
      throw new RangeError(`The body has ${excess} bytes more than its length says; write bodyLength bytes.`);
    }
    return this.#writer.write(bytes, start, end, owned);
  }

  endBody(trailers: Buffer | null): void {
    if (this.#writer.done) return;
    const missing = this.#writer.left;
    if (missing > 0) {
      this.#fail('internal', false);
      throw new RangeError(`The body ended ${missing} bytes early; abort the stream instead of ending it.`);
    }
    this.#writer.end(trailers);
  }

  flush(): void {
    this.#writer.flush();
  }

  /** The attempt was given up. A reset, unless the request is whole: its head must not be taken for all of it. */
  abandon(): void {
    this.#stream = null;
    this.#shut(!this.#writer.done);
  }

  /** The request's head is longer than any buffer for it. */
  refuse(stream: H1Stream): void {
    if (this.#stream !== stream) return;
    this.#stream = null;
    this.#shut(false);
    stream.fail('headers-too-large', false);
    this.#dispatcher.serve();
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  /** Ends it with whatever it does. */
  kill(): void {
    if (this.#stream === null) this.#shut(false);
    else this.#fail('upstream-reset', true);
  }

  /** Idle connections only. */
  close(): void {
    this.#shut(false);
  }

  // ── Response ──

  onData(bytes: Buffer, start: number, end: number): void {
    const stream = this.#stream;
    // RFC 9112 9.2: "If the client receives data on a connection that doesn't have outstanding requests, the client MUST NOT consider that
    // data to be a valid response; the client SHOULD close the connection".
    if (stream === null) {
      if (this.#state !== Closed) this.#shut(false);
      return;
    }
    this.#answered = true;
    if (this.#held === null) this.#read(stream, bytes, start, end);
    else this.#readHeld(stream, this.#held, bytes, start, end);
  }

  onDrain(): void {
    const stream = this.#stream;
    if (stream === null || !stream.wantsDrain) return;
    stream.wantsDrain = false;
    stream.handler.onRequestDrain();
  }

  onEnd(): void {
    const stream = this.#stream;
    if (stream !== null && this.#state === ReadsBody && this.#left === BodyUntilEnd) {
      this.#persists = false;
      this.#finish(stream, null, true);
      return;
    }
    if (stream === null) this.#shut(false);
    else this.#fail('upstream-reset', false);
  }

  onClose(): void {
    if (this.#stream !== null) this.#fail('upstream-reset', false);
    else this.#shut(false);
  }

  #readHeld(stream: H1Stream, held: Buffer, bytes: Buffer, start: number, end: number): void {
    const all = Buffer.concat([held, bytes.subarray(start, end)]);
    // Scanned again only when it can be complete: byte by byte it would cost the square of its length.
    if (
      all.indexOf('\r\n\r\n', Math.max(held.length - 3, 0), 'latin1') < 0 &&
      all.length <= this.#context.maxHeadBytes
    ) {
      this.#held = all;
      return;
    }
    this.#held = null;
    this.#read(stream, all, 0, all.length);
  }

  #read(stream: H1Stream, bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (this.#state === AwaitsHead) {
      const behind = scanResponse(bytes, at, end, this.#head);
      if (behind < 0 || (behind === Incomplete ? end : behind) - at > this.#context.maxHeadBytes) {
        this.#fail('upstream-invalid', true);
        return;
      }
      if (behind === Incomplete) {
        if (at < end) this.#held = Buffer.from(bytes.subarray(at, end));
        if (at > start) stream.handler.onFlush();
        return;
      }
      at = behind;
      if (!this.#onHead(stream, bytes, at, end)) return;
    }
    this.#readBody(stream, bytes, start, at, end);
  }

  /** @returns whether this read goes on */
  #onHead(stream: H1Stream, bytes: Buffer, behind: number, end: number): boolean {
    const head = this.#head;
    const { handler, request } = stream;
    const { status } = head;
    const options = connectionOptions(bytes, head);
    // RFC 9110 8.6, RFC 9112 6.1: no Content-Length, no Transfer-Encoding in a 1xx; llhttp reads a body where one is.
    if ((options & InvalidOptions) !== 0 || (status < 200 && saysFraming(head, true))) {
      this.#fail('upstream-invalid', true);
      return false;
    }
    // What a 1xx says of the connection holds, too. Behind a 204 that says it is chunked, chunks may come.
    this.#persists &&= persists(options, head.minor) && !(status === 204 && saysFraming(head, false));
    if (status === 101) {
      if (request.upgrade === null) this.#fail('upstream-invalid', true);
      else this.#handOver(stream, bytes, behind, end);
      return false;
    }
    if (status < 200) {
      if (++this.#informational > MaxInformational) {
        this.#fail('upstream-invalid', true);
        return false;
      }
      handler.onInformational(status, bytes, head);
      return this.#stream === stream;
    }
    const length = responseLength(bytes, head, request.forwardMethod);
    if (length === InvalidFraming) {
      this.#fail('upstream-invalid', true);
      return false;
    }
    this.#left = length;
    this.#state = ReadsBody;
    if (length === BodyChunked) (this.#decoder ??= new ChunkedDecoder()).reset();
    handler.onHead(status, bytes, head, length);
    return this.#stream === stream;
  }

  #readBody(stream: H1Stream, bytes: Buffer, start: number, from: number, end: number): void {
    const { handler } = stream;
    const owned = bytes === this.#large;
    if (this.#left === BodyChunked) {
      const decoder = this.#decoder!;
      const said = from === end ? 0 : decoder.feed(bytes, from, end);
      if (said === BadChunk) {
        this.#fail('upstream-invalid', true);
        return;
      }
      if (from < end && decoder.dataEnd > decoder.dataStart)
        handler.onData(bytes, decoder.dataStart, decoder.dataEnd, owned);
      if (this.#stream !== stream) return;
      if (said === Done) {
        this.#finish(stream, decoder.trailers, decoder.next === end);
        return;
      }
    } else {
      const to = this.#left === BodyUntilEnd ? end : Math.min(end, from + this.#left);
      if (this.#left > 0) this.#left -= to - from;
      if (to > from) handler.onData(bytes, from, to, owned);
      if (this.#stream !== stream) return;
      if (this.#left === 0) {
        this.#finish(stream, null, to === end);
        return;
      }
    }
    this.#chooseBuffer(stream, end - start, owned);
    handler.onFlush();
  }

  /** Large bodies are read into a buffer of their own, which a slow client may go on holding while this connection waits. */
  #chooseBuffer(stream: H1Stream, read: number, owned: boolean): void {
    if (this.#large === null) {
      // A length alone earns none: a backend that announces a megabyte and then is silent would make the gateway hold 256 KiB for 50 bytes.
      if (read >= FullRead || (read >= Trickle && this.#left > FullRead)) {
        this.#large = this.#context.large.take();
        this.#connection.readInto(this.#large);
      }
    } else if (owned && this.#left < 0 && read < Trickle && !stream.paused) {
      this.#connection.readInto(null);
      this.#context.large.giveBack(this.#large);
      this.#large = null;
    }
  }

  /** @param exact no byte stood behind the message: such a byte is no part of any response we asked for */
  #finish(stream: H1Stream, trailers: Buffer | null, exact: boolean): void {
    const { handler } = stream;
    this.#stream = null;
    this.#leaveLarge(stream);
    // An early response, while the client still uploads, leaves a request half sent.
    const reusable = exact && this.#persists && this.#writer.done && !this.#connection.pending && !this.expired;
    stream.settle();
    if (reusable) {
      this.#state = Idle;
      if (stream.paused) this.#connection.resume();
      // Before onEnd, in which the next request of the same client may start.
      this.#dispatcher.rest(this);
    } else this.#shut(!this.#writer.done);
    handler.onEnd(trailers);
    handler.onFlush();
    // After onFlush: until then the receiver may be building its answer in the output region.
    this.#dispatcher.serve();
  }

  #handOver(stream: H1Stream, bytes: Buffer, behind: number, end: number): void {
    const { handler } = stream;
    const { status } = this.#head;
    const early = behind < end ? Buffer.from(bytes.subarray(behind, end)) : null;
    this.#stream = null;
    this.#state = Closed;
    this.#context.timers.cancel(this);
    stream.settle();
    this.#dispatcher.gone(this);
    handler.onUpgrade(status, bytes, this.#head, this.#connection, early);
  }

  /** @param broken the response came, but is no valid one */
  #fail(code: ErrorCode, broken: boolean): void {
    const stream = this.#stream;
    this.#stream = null;
    const { sent } = this.#writer;
    const silent = !this.#answered && !broken;
    this.#shut(true);
    if (stream === null) return;
    const replayable = silent && (!sent || isIdempotent(stream.request.forwardMethod));
    if (code === 'upstream-reset' && replayable && this.#dispatcher.retry(stream)) return;
    stream.fail(code, replayable);
    this.#dispatcher.serve();
  }

  #leaveLarge(stream: H1Stream): void {
    if (this.#large === null) return;
    this.#connection.readInto(null);
    if (!stream.paused) this.#context.large.giveBack(this.#large);
    this.#large = null;
  }

  #shut(reset: boolean): void {
    if (this.#state === Closed) return;
    this.#state = Closed;
    this.#held = null;
    this.#context.outbox.drop(this.#writer);
    this.#context.timers.cancel(this);
    this.#connection.destroy(reset);
    this.#dispatcher.gone(this);
  }

  /** What the caller did before there was a connection, its flush included. */
  #sendEarly(stream: H1Stream): void {
    const { early } = stream;
    stream.early = null;
    const taken = early === null || this.writeBody(early, 0, early.length, false);
    if (stream.ended) {
      this.endBody(stream.trailers);
      return;
    }
    this.flush();
    if (!taken || !stream.wantsDrain) return;
    stream.wantsDrain = false;
    stream.handler.onRequestDrain();
  }
}

const refuse = (connection: H1Connection, stream: H1Stream): void => connection.refuse(stream);
