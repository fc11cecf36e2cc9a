/** undici's `dispatch(options, handler)` on top of the raw lane, so that any undici user (request, fetch, stream) can use an H1Dispatcher. */
import { Buffer } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { type Dispatcher, errors } from 'undici';
import type { Head } from '../http1/head.ts';
import type { ErrorCode } from '../proxy/errors.ts';
import type { H1Dispatcher } from './h1dispatcher.ts';
import { DispatchRequest } from './h1dispatchrequest.ts';
import type { ResponseHandler, UpstreamStream } from './upstream.ts';

/** Says what it cannot do by onResponseError, as undici's own dispatchers do. */
export function dispatchOn(
  dispatcher: H1Dispatcher,
  options: Dispatcher.DispatchOptions,
  handler: Dispatcher.DispatchHandler,
): boolean {
  const exchange = new DispatchExchange(handler);
  const request = new DispatchRequest(options);
  const problem = request.prepare(dispatcher.name);
  if (problem !== null) {
    queueMicrotask(() => handler.onResponseError?.(exchange, new errors.InvalidArgumentError(problem)));
    return true;
  }
  exchange.start(dispatcher, request);
  return true;
}

class DispatchExchange implements ResponseHandler, Dispatcher.DispatchController {
  aborted = false;
  paused = false;
  reason: Error | null = null;
  rawHeaders: string[] | null = null;
  rawTrailers: string[] | null = null;
  readonly #handler: Dispatcher.DispatchHandler;
  #stream: UpstreamStream | null = null;
  #drained: (() => void) | null = null;
  #over = false;

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler;
  }

  start(dispatcher: H1Dispatcher, request: DispatchRequest): void {
    this.#handler.onRequestStart?.(this, undefined);
    if (this.aborted) return;
    const stream = dispatcher.dispatchRaw(request, this);
    this.#stream = stream;
    if (this.paused) stream.pause();
    if (request.bytes !== null) {
      stream.write(request.bytes, 0, request.bytes.length, true);
      stream.end(null);
    } else if (request.stream !== null) {
      void this.#pump(request.stream, stream).catch((error: unknown) => this.abort(error as Error));
    }
  }

  // ── What undici's handler asks of its controller ──

  abort(reason: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.aborted = true;
    this.reason = reason;
    this.#stream?.abort();
    this.#drained?.();
    this.#handler.onResponseError?.(this, reason);
  }

  pause(): void {
    this.paused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.paused = false;
    this.#stream?.resume();
  }

  // ── What the lane tells of the response ──

  onInformational(status: number, bytes: Buffer, head: Head): void {
    this.#onStart(status, bytes, head);
  }

  onHead(status: number, bytes: Buffer, head: Head): void {
    this.#onStart(status, bytes, head);
  }

  onData(bytes: Buffer, start: number, end: number): void {
    // undici's handlers keep what they are given.
    if (!this.#over) this.#handler.onResponseData?.(this, Buffer.from(bytes.subarray(start, end)));
  }

  onEnd(trailers: Buffer | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#drained?.();
    const lines = trailers?.toString('latin1').split('\r\n').slice(0, -1) ?? [];
    this.rawTrailers = lines.flatMap((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    this.#handler.onResponseEnd?.(this, objectOf(this.rawTrailers));
  }

  onFlush(): void {}

  onUpgrade(): void {}

  onRequestDrain(): void {
    const drained = this.#drained;
    this.#drained = null;
    drained?.();
  }

  onFailure(code: ErrorCode): void {
    if (this.#over) return;
    this.#over = true;
    this.#drained?.();
    const ConnectError = code === 'connect-timeout' ? errors.ConnectTimeoutError : errors.SocketError;
    this.reason = new ConnectError(code);
    this.#handler.onResponseError?.(this, this.reason);
  }

  #onStart(status: number, bytes: Buffer, head: Head): void {
    const text = (at: number): string => bytes.toString('latin1', head.fields[at], head.fields[at + 1]);
    const raw: string[] = [];
    for (let i = 0; i < head.count; i++) raw.push(text(4 * i), text(4 * i + 2));
    this.rawHeaders = raw;
    this.#handler.onResponseStart?.(
      this,
      status,
      objectOf(raw),
      bytes.toString('latin1', head.reasonStart, head.reasonEnd),
    );
  }

  async #pump(body: AsyncIterable<Uint8Array | string>, stream: UpstreamStream): Promise<void> {
    for await (const piece of body) {
      const bytes = Buffer.from(piece as Uint8Array);
      const taken = stream.write(bytes, 0, bytes.length, true);
      stream.flush();
      if (!taken && !this.#over) await new Promise<void>((resolve) => (this.#drained = resolve));
      if (this.#over) return;
    }
    stream.end(null);
  }
}

function objectOf(raw: readonly string[]): IncomingHttpHeaders {
  const headers: Record<string, string | string[]> = {};
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    const before = headers[name];
    headers[name] = before === undefined ? raw[i + 1]! : [...(Array.isArray(before) ? before : [before]), raw[i + 1]!];
  }
  return headers;
}
