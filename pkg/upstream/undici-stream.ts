/**
 * One attempt through undici. The response head is written down as bytes again and scanned by http1, so that both lanes are equally strict and the
 * receiver sees no difference. See README.md for what undici cannot carry and what is answered instead.
 */
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import { connectionOptions, InvalidOptions } from '../http1/connection.ts';
import { InvalidFraming, responseLength } from '../http1/framing.ts';
import { Head, scanResponse } from '../http1/head.ts';
import { allowedInTrailers } from '../http1/trailers.ts';
import { type ErrorCode, errors } from '../proxy/errors.ts';
import { isIdempotent } from './retry.ts';
import type { UndiciLane } from './undici.ts';
import { UndiciBody } from './undici-body.ts';
import { type ResponseHandler, type UpstreamRequest, type UpstreamStream } from './upstream.ts';

/** Undici's own business, or refused by it. */
const hopByHop =
  /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade|expect|te|trailer|host|content-length|http2-settings)$/i;
/** Of 1xx before one final response: as many as on the fast lane. */
const MaxInformational = 64;
const continueHead = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n');

export class UndiciStream implements UpstreamStream, Dispatcher.DispatchHandler {
  readonly reused = false;
  readonly #lane: UndiciLane;
  readonly #request: UpstreamRequest;
  #handler: ResponseHandler;
  readonly #body: UndiciBody | null;
  #controller: Dispatcher.DispatchController | null = null;
  #over = false;
  #answered = false;
  #informational = 0;
  #paused = false;
  #wantsDrain = false;
  #flushing = false;
  #expects = false;

  constructor(lane: UndiciLane, request: UpstreamRequest, handler: ResponseHandler) {
    this.#lane = lane;
    this.#request = request;
    this.#handler = handler;
    this.#body = request.bodyLength === 0 ? null : new UndiciBody(() => this.#onBodyDrain());
    // undici destroys the body with the reason of a failure, which onResponseError tells.
    this.#body?.on('error', () => {});
  }

  get endpoint(): string {
    return this.#lane.name;
  }

  /** What undici gets; null if it cannot carry the request. */
  options(): Omit<Dispatcher.DispatchOptions, 'origin'> | null {
    const { forwardMethod: method, target, authority, bodyLength, upgrade } = this.#request;
    if (!target.startsWith('/')) return null;
    const headers = ['host', authority];
    const raw = this.#request.rawHeaders();
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i]!;
      if (!hopByHop.test(name)) headers.push(name, raw[i + 1]!);
      else if (/^expect$/i.test(name)) this.#expects = true;
    }
    if (bodyLength > 0) headers.push('content-length', String(bodyLength));
    return { path: target, method, headers, body: this.#body, upgrade, headersTimeout: 0, bodyTimeout: 0 };
  }

  // ── The proxy's side ──

  write(bytes: Buffer, start: number, end: number): boolean {
    if (this.#over || this.#body === null || end <= start) return true;
    if (this.#body.add(Buffer.from(bytes.subarray(start, end)))) return true;
    this.#wantsDrain = true;
    return false;
  }

  /** Trailers are dropped: RFC 9110 6.5 lets an intermediary do so, and undici has no place for them. */
  end(): void {
    if (!this.#over) this.#body?.finish();
  }

  flush(): void {}

  abort(): void {
    if (this.#over) return;
    this.#settle();
    this.#controller?.abort(new Error('aborted'));
  }

  redirect(handler: ResponseHandler): void {
    this.#handler = handler;
  }

  pause(): void {
    this.#paused = true;
    this.#controller?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#controller?.resume();
  }

  fail(code: ErrorCode, untouched: boolean): void {
    if (this.#over) return;
    this.#settle();
    this.#handler.onFailure(code, untouched);
  }

  // ── undici's side ──

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It waited in undici's queue when it was given up.
    if (this.#over) controller.abort(new Error('aborted'));
    else if (this.#paused) controller.pause();
    if (this.#expects && !this.#over) process.nextTick(goOn, this);
  }

  /** An `Expect: 100-continue` that undici does not pass on: the gateway asks for the body itself. */
  goOn(): void {
    if (this.#over || this.#answered) return;
    const head = new Head();
    scanResponse(continueHead, 0, continueHead.length, head);
    this.#handler.onInformational(100, continueHead, head);
    this.#handler.onFlush();
  }

  /** A byte of the response came. */
  onResponseStarted(): void {
    this.#answered = true;
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _headers: unknown, reason?: string): void {
    if (this.#over) return;
    this.#answered = true;
    const bytes = encodeHead(status, reason ?? '', controller.rawHeaders);
    const head = new Head();
    const scanned = bytes === null ? -1 : scanResponse(bytes, 0, bytes.length, head);
    const length = scanned > 0 ? responseLength(bytes!, head, this.#request.forwardMethod) : InvalidFraming;
    const broken =
      scanned !== bytes?.length ||
      (status < 200
        ? ++this.#informational > MaxInformational
        : length === InvalidFraming || (connectionOptions(bytes, head) & InvalidOptions) !== 0);
    if (broken) {
      this.fail('upstream-invalid', false);
      controller.abort(new Error('invalid response'));
      return;
    }
    if (status < 200) this.#handler.onInformational(status, bytes, head);
    else this.#handler.onHead(status, bytes, head, length);
    this.#flushLater();
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    // A view of what the socket read, and of nothing that is used again.
    this.#handler.onData(chunk, 0, chunk.length, true);
    this.#flushLater();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.#over) return;
    this.#settle();
    this.#handler.onEnd(encodeTrailers(controller.rawTrailers));
    this.#handler.onFlush();
  }

  onRequestUpgrade(controller: Dispatcher.DispatchController, status: number, _headers: unknown, socket: Duplex): void {
    const bytes = encodeHead(status, 'Switching Protocols', controller.rawHeaders);
    const head = new Head();
    if (this.#over || bytes === null || scanResponse(bytes, 0, bytes.length, head) !== bytes.length) {
      socket.destroy();
      this.fail('upstream-invalid', false);
      return;
    }
    this.#settle();
    // undici has put the bytes behind the head back into the socket.
    this.#handler.onUpgrade(status, bytes, head, this.#lane.adopt(socket as Socket), null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const code = codeOf(error);
    this.fail(
      code,
      errors[code].retryable && !this.#answered && (isConnect(code) || isIdempotent(this.#request.forwardMethod)),
    );
  }

  flushNow(): void {
    this.#flushing = false;
    if (!this.#over) this.#handler.onFlush();
  }

  #flushLater(): void {
    if (this.#flushing || this.#over) return;
    this.#flushing = true;
    process.nextTick(flush, this);
  }

  #onBodyDrain(): void {
    if (!this.#wantsDrain || this.#over) return;
    this.#wantsDrain = false;
    // undici reads from within its own writes.
    process.nextTick(drain, this);
  }

  drainNow(): void {
    if (!this.#over) this.#handler.onRequestDrain();
  }

  #settle(): void {
    this.#over = true;
    this.#lane.settled();
  }
}

const goOn = (stream: UndiciStream): void => stream.goOn();
const flush = (stream: UndiciStream): void => stream.flushNow();
const drain = (stream: UndiciStream): void => stream.drainNow();

type Raw = Dispatcher.DispatchController['rawHeaders'];

/** Names and values as they came; null where undici has none. */
function encodeHead(status: number, reason: string, raw: Raw): Buffer | null {
  const lines = encodeLines(raw, () => true);
  return lines === null ? null : Buffer.from(`HTTP/1.1 ${status} ${reason}\r\n${lines}\r\n`, 'latin1');
}

function encodeTrailers(raw: Raw): Buffer | null {
  const lines = encodeLines(raw, allowedInTrailers);
  return lines === null || lines === '' ? null : Buffer.from(lines, 'latin1');
}

function encodeLines(raw: Raw, allowed: (name: string) => boolean): string | null {
  if (!Array.isArray(raw)) return null;
  const text = (at: number): string => {
    const each = raw[at]!;
    return typeof each === 'string' ? each : each.toString('latin1');
  };
  let lines = '';
  for (let i = 0; i + 1 < raw.length; i += 2) if (allowed(text(i))) lines += `${text(i)}: ${text(i + 1)}\r\n`;
  return lines;
}

const isConnect = (code: ErrorCode): boolean => code === 'connect-failed' || code === 'connect-timeout';

function codeOf(error: Error): ErrorCode {
  const { code = '', failure } = error as Error & { code?: string; failure?: ErrorCode };
  if (failure !== undefined) return failure;
  if (code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW') return 'upstream-invalid';
  if (error.name === 'HTTPParserError' || error.message === 'bad response') return 'upstream-invalid';
  if (code === 'UND_ERR_CLOSED' || code === 'UND_ERR_DESTROYED') return 'connect-failed';
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') return 'internal';
  return 'upstream-reset';
}
