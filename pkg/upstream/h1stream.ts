/** One attempt on the fast lane, from the moment it waits for a connection: what the proxy holds as its UpstreamStream. */
import { Buffer } from 'node:buffer';
import type { ErrorCode } from '../proxy/errors.ts';
import type { H1Connection } from './h1connection.ts';
import type { H1Dispatcher } from './h1dispatcher.ts';
import type { ResponseHandler, UpstreamRequest, UpstreamStream } from './upstream.ts';

export class H1Stream implements UpstreamStream {
  readonly request: UpstreamRequest;
  handler: ResponseHandler;
  readonly dispatcher: H1Dispatcher;
  /** null while it waits, and when it is over. */
  connection: H1Connection | null = null;
  reused = false;
  /** The attempt has ended in any way: nothing it is told has an effect, nobody is called back. */
  over = false;
  /** It went through the one silent retry of a reused connection that had died. */
  retried = false;
  /** A `write` returned false. */
  wantsDrain = false;
  paused = false;
  /** Links of the queue it waits in, and whether it counts against the limit of waiting requests. */
  next: H1Stream | null = null;
  previous: H1Stream | null = null;
  waiting = false;
  /** It has waited: its head does not wait for a flush any more. */
  queued = false;
  counted = false;
  /** Body given before there was a connection: at most what one `write` brought, since that returned false. */
  early: Buffer | null = null;
  ended = false;
  trailers: Buffer | null = null;

  constructor(dispatcher: H1Dispatcher, request: UpstreamRequest, handler: ResponseHandler) {
    this.dispatcher = dispatcher;
    this.request = request;
    this.handler = handler;
  }

  get endpoint(): string {
    return this.dispatcher.name;
  }

  write(bytes: Buffer, start: number, end: number, owned: boolean): boolean {
    if (this.over) return true;
    const { connection } = this;
    if (connection !== null) {
      if (connection.writeBody(bytes, start, end, owned)) return true;
    } else {
      const copy = Buffer.from(bytes.subarray(start, end));
      this.early = this.early === null ? copy : Buffer.concat([this.early, copy]);
    }
    this.wantsDrain = true;
    return false;
  }

  end(trailers: Buffer | null): void {
    if (this.over || this.ended) return;
    this.ended = true;
    if (this.connection !== null) this.connection.endBody(trailers);
    else this.trailers = trailers;
  }

  flush(): void {
    this.connection?.flush();
  }

  abort(): void {
    if (this.over) return;
    const { connection } = this;
    this.settle();
    connection?.abandon();
  }

  redirect(handler: ResponseHandler): void {
    this.handler = handler;
  }

  pause(): void {
    this.paused = true;
    this.connection?.pause();
  }

  resume(): void {
    this.paused = false;
    this.connection?.resume();
  }

  /** Ends the attempt for the pool's books. */
  settle(): void {
    if (this.over) return;
    this.over = true;
    this.connection = null;
    this.dispatcher.settled(this);
  }

  fail(code: ErrorCode, untouched: boolean): void {
    if (this.over) return;
    this.settle();
    this.handler.onFailure(code, untouched);
  }
}
