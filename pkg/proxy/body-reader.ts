/** Reads a request's body into memory for a policy that has to see it before anything is forwarded. What it read is `forward.replay`. */
import { Buffer } from 'node:buffer';
import type { BodyGuard, DenialCode } from '../policy/runtime.ts';
import type { ActiveExchange } from './exchange.ts';

interface Waiter {
  readonly limit: number;
  readonly resolve: (body: Uint8Array | null) => void;
  readonly reject: (error: Error) => void;
}

const goOn = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n');

export class BodyReader {
  readonly #exchange: ActiveExchange;
  #waiter: Waiter | null = null;
  /** Bytes that count in `core.heldBodies`. */
  #held = 0;

  constructor(exchange: ActiveExchange) {
    this.#exchange = exchange;
  }

  /** Body bytes are this one's, not the upstream's. */
  get reading(): boolean {
    return this.#waiter !== null;
  }

  read(limit: number): Promise<Uint8Array | null> {
    const { forward, request, requestDone, inRequest } = this.#exchange;
    const { replay } = forward;
    if (!inRequest) return Promise.reject(new Error('the request phases are over'));
    if (this.#waiter !== null) return Promise.reject(new Error('somebody reads the body already'));
    replay.collect();
    // One that says itself that it is too long is not read: it may still wait for a 100.
    if (replay.length > limit || request.bodyLength > limit) return Promise.resolve(null);
    if (requestDone) return Promise.resolve(replay.bytes);
    const promise = new Promise<Uint8Array | null>((resolve, reject) => {
      this.#waiter = { limit, resolve, reject };
    });
    // Nobody has to wait for it: a client that leaves must not end the process.
    promise.catch(() => {});
    // Not from within the filter: what comes may end the exchange.
    process.nextTick(start, this);
    return promise;
  }

  guard(guard: BodyGuard): Promise<DenialCode | null> | null {
    return this.#exchange.gate.guard(guard);
  }

  start(): void {
    if (this.#waiter === null) return;
    const { downstream, request } = this.#exchange;
    // Its 100 is ours now; the backend is asked for none, since the body will be there.
    if (request.expectsContinue) {
      request.expectsContinue = false;
      downstream!.connection.write(goOn, 0, goOn.length);
    }
    downstream!.unblock();
  }

  add(bytes: Buffer, start: number, end: number, last: boolean, trailers: Buffer | null): void {
    const { core, downstream, forward } = this.#exchange;
    const { replay } = forward;
    const { limit, resolve } = this.#waiter!;
    if (!core.heldBodies.take(end - start)) {
      core.telemetry.limitHit('held-bodies');
      this.#exchange.failRequest('bodies-held');
      return;
    }
    this.#held += end - start;
    replay.add(bytes, start, end);
    if (last) replay.end(trailers);
    const fits = replay.length <= limit;
    if (fits && !last) return;
    this.#waiter = null;
    if (!fits) downstream!.block();
    resolve(fits ? replay.bytes : null);
  }

  replace(bytes: Uint8Array): void {
    const { forward, inRequest, request, requestDone } = this.#exchange;
    if (!inRequest || !requestDone || !forward.replay.collects)
      throw new Error('only a body that was read whole can be replaced, in the request phase');
    if (request.upgrade !== null) throw new Error('a request for a tunnel has no body');
    forward.replay.replace(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    request.bodyLength = bytes.length;
    request.saysLength = true;
  }

  /** The filter did not wait for what it has asked for: what has come goes upstream, and the rest behind it. */
  cede(): void {
    this.#exchange.downstream!.block();
    this.cancel();
  }

  /** The exchange is over. */
  release(): void {
    this.cancel();
    this.#exchange.core.heldBodies.give(this.#held);
    this.#held = 0;
  }

  /** The exchange goes on without it. */
  cancel(): void {
    const waiter = this.#waiter;
    this.#waiter = null;
    waiter?.reject(new Error('the request has ended before its body was read'));
  }
}

const start = (reader: BodyReader): void => reader.start();
