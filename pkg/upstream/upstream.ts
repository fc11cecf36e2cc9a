/**
 * Upstream: one HTTP exchange with one cluster, whatever carries it. It can say all that HTTP can: 1xx, trailers both ways,
 * the end of the stream together with the head, and a reset with a reason.
 *
 * Implementations: `h1dispatcher.ts` (fast lane: plaintext HTTP/1.1, moves bytes) and `undici.ts` (everything undici can dispatch to).
 * One conformance suite runs on both.
 */
import type { Buffer } from 'node:buffer';
import type { DescMethodUnary, Message } from '@bufbuild/protobuf';
import type { Head } from '../http1/head.ts';
import type { ErrorCode } from '../proxy/errors.ts';
import type { Connection } from '../proxy/transport.ts';

/** The request as an upstream needs it; the proxy's exchange implements it, so nothing is copied before it is asked for. */
export interface UpstreamRequest {
  /** What is sent, which a filter may have changed: never to or from HEAD and CONNECT, so that either tells how the answer is framed. */
  readonly forwardMethod: string;
  /** Origin-form target, or `*`. */
  readonly target: string;
  /** Value of Host. */
  readonly authority: string;
  /** Body bytes that will follow: a length, BodyChunked (unknown length), or 0. */
  readonly bodyLength: number;
  /** Value of Upgrade, if this asks for a tunnel; else null. */
  readonly upgrade: string | null;
  /**
   * Writes request line, Host, fields and framing (Content-Length or Transfer-Encoding), with the blank line, from `at`.
   * @returns the end, or -1 if `out` is too short
   */
  encode(out: Buffer, at: number): number;
  /** name, value, name, value, …: the same fields without Host and framing. Made on each call. */
  rawHeaders(): string[];
}

export const BodyChunked = -1;
/** Response body that ends with the connection, or whose length nobody said. */
export const BodyUntilEnd = -2;

/** Request side of a started attempt. */
export interface UpstreamStream {
  /**
   * Body bytes, decoded (no chunk framing). They are copied or written before this returns, unless it returns false and `owned` was true.
   * @returns false: wait for `onRequestDrain`
   */
  write(bytes: Buffer, start: number, end: number, owned: boolean): boolean;
  /**
   * The body is complete; flushes. Not needed after a request whose bodyLength was 0.
   * @param trailers CRLF-terminated field lines as encoded by http1, or null
   */
  end(trailers: Buffer | null): void;
  /**
   * Sends what was held back: a request with a body is started by `request` but its head may wait, to go out in one write with the first
   * body bytes. Call it when the turn in which the attempt started, or `write` was called, ends without `end`.
   */
  flush(): void;
  /** Gives up: the connection is closed or the stream reset. No callback comes after. */
  abort(): void;
  /** Another receiver takes what is still to come of the response. */
  redirect(handler: ResponseHandler): void;
  /** Response flow control. */
  pause(): void;
  resume(): void;
  /** What served it, for logs: `10.0.0.7:8080`; `''` while none was chosen. */
  readonly endpoint: string;
  /** Whether the connection had served before. */
  readonly reused: boolean;
}

/** Response side. Calls come in this order: onInformational*, then onHead, onData*, onEnd — or onUpgrade — or onFailure at any point. */
export interface ResponseHandler {
  /** A 1xx other than 101; 100 only if the client may get it. */
  onInformational(status: number, bytes: Buffer, head: Head): void;
  /**
   * @param bytes holds the head; both are valid during the call only
   * @param length body bytes to come, BodyChunked, BodyUntilEnd, or 0: the message ends here, and onEnd follows in the same turn
   */
  onHead(status: number, bytes: Buffer, head: Head, length: number): void;
  /**
   * Decoded body bytes; valid during the call, unless `owned`: then a receiver that still needs them afterwards must `pause()` before it
   * returns, on the last piece too, and they stay until it resumes (or for good, if the message ended). A few more pieces of the same read
   * may follow a pause.
   */
  onData(bytes: Buffer, start: number, end: number, owned: boolean): void;
  /** @param trailers CRLF-terminated field lines, or null */
  onEnd(trailers: Buffer | null): void;
  /** The batch of calls of this turn is over: what was held back to be written together goes out now. */
  onFlush(): void;
  /** 101. The connection is the receiver's; `early` are bytes that came behind the head. */
  onUpgrade(status: number, bytes: Buffer, head: Head, connection: Connection, early: Buffer | null): void;
  onRequestDrain(): void;
  /**
   * The attempt failed and is over.
   * @param untouched no byte of a response came and the server cannot have acted on the request, or it is safe to send it again
   */
  onFailure(code: ErrorCode, untouched: boolean): void;
}

/** What a cluster looks like to the proxy. */
export interface ClusterRuntime {
  readonly id: string;
  /** `shop/orders:8080`. */
  readonly name: string;
  /** Whether any endpoint may be tried: decides between the priorities of backends. */
  readonly usable: boolean;
  /**
   * Starts one attempt: takes a connection of a pool or makes one.
   * @param avoid endpoint of the failed try before, or `''`
   */
  request(request: UpstreamRequest, handler: ResponseHandler, avoid: string): UpstreamStream;
  /**
   * One call of gRPC; only what no server has seen is sent again.
   * @param timeout milliseconds that the server is told of
   * @param signal ends the call; rejects with a `GrpcError`
   */
  unary(method: DescMethodUnary, message: Message, timeout: number, signal: AbortSignal): Promise<Message>;
}
