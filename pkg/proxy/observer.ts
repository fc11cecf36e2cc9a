/** What policies in shadow mode are given of one exchange, and where they report. Made when the first of them asks; may outlive the exchange. */
import { Buffer } from 'node:buffer';
import type { Identity } from '../policy/identity.ts';
import type { Exchange, Observer, RequestView, ResponseView } from '../policy/runtime.ts';
import { copyRequest, copyResponse } from './copied-views.ts';
import type { Core } from './core.ts';
import type { ActiveExchange } from './exchange.ts';

/** Somebody who collects the body as it goes by. */
interface Tap {
  readonly limit: number;
  readonly resolve: (body: Uint8Array | null) => void;
  readonly reject: (error: Error) => void;
  parts: Buffer[];
  length: number;
}

export class ExchangeObserver implements Observer {
  identity: Identity | null | undefined = undefined;
  challenge: string | undefined = undefined;
  pending: Promise<void> | null = null;
  readonly views = new Map<object, Exchange>();
  readonly #core: Core;
  /** null when it is over: the instance serves another request then. */
  #exchange: ActiveExchange | null;
  #taps: Tap[] = [];
  /** Bytes of them that count in `core.heldBodies`. */
  #held = 0;
  #limits: { readonly limit: number; readonly policy: string }[] = [];
  /** Of the body, once the exchange is over. */
  #length = 0;

  constructor(exchange: ActiveExchange) {
    this.#exchange = exchange;
    this.#core = exchange.core;
  }

  request(): RequestView {
    return copyRequest(this.#live().request);
  }

  response(): ResponseView {
    return copyResponse(this.#live().response);
  }

  body(limit: number): Promise<Uint8Array | null> {
    const exchange = this.#exchange;
    if (exchange === null) return Promise.reject(new Error('the exchange is over'));
    const { forward, record, request, requestDone } = exchange;
    const { collects } = forward.replay;
    if (request.bodyLength > limit) return Promise.resolve(null);
    if (!collects && record.requestBytes > 0) return Promise.reject(new Error('the body has gone by'));
    const before = collects ? Buffer.from(forward.replay.bytes) : Buffer.alloc(0);
    if (before.length > limit) return Promise.resolve(null);
    if (requestDone) return Promise.resolve(before);
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | null>();
    promise.catch(() => {});
    this.#taps.push({ limit, resolve, reject, parts: [before], length: before.length });
    return promise;
  }

  limitBody(limit: number, policy: string): boolean {
    // Whose turn comes late may find that the body has gone by.
    if (this.#bodyLength() > limit) return false;
    if (this.#exchange !== null) this.#limits.push({ limit, policy });
    return true;
  }

  decision(policy: string, decision: 'denied' | 'error', code: string): void {
    this.#core.telemetry.policyDecision(policy, 'Shadow', decision, code);
    if (this.#exchange === null) return;
    const { record } = this.#exchange;
    record.shadow += `${record.shadow === '' ? '' : ','}${policy}:${code}`;
  }

  fault(policy: string, error: unknown): void {
    this.#core.fault(`policy ${policy} in shadow mode`, error);
    this.decision(policy, 'error', 'filter-failed');
  }

  // ── What the exchange tells ──

  onBody(bytes: Buffer, start: number, end: number, last: boolean): void {
    if (this.#limits.length > 0) this.#checkLimits();
    if (this.#taps.length === 0) return;
    this.#taps = this.#taps.filter((tap) => {
      tap.length += end - start;
      // Where there is no room the policy judges as for one that is too long: it decides nothing.
      if (tap.length > tap.limit || !this.#hold(end - start)) tap.resolve(null);
      else {
        tap.parts.push(Buffer.from(bytes.subarray(start, end)));
        if (!last) return true;
        tap.resolve(Buffer.concat(tap.parts));
      }
      return false;
    });
  }

  end(): void {
    this.#length = this.#bodyLength();
    this.#exchange = null;
    this.#core.heldBodies.give(this.#held);
    this.#held = 0;
    for (const tap of this.#taps.splice(0)) tap.reject(new Error('the request has ended before its body was read'));
  }

  #hold(bytes: number): boolean {
    if (!this.#core.heldBodies.take(bytes)) return false;
    this.#held += bytes;
    return true;
  }

  #checkLimits(): void {
    const bytes = this.#exchange?.record.requestBytes ?? 0;
    this.#limits = this.#limits.filter(({ limit, policy }) => {
      if (bytes > limit) this.decision(policy, 'denied', 'body-too-large');
      return bytes <= limit;
    });
  }

  /** What has come so far, or what the head says will; in bytes. */
  #bodyLength(): number {
    if (this.#exchange === null) return this.#length;
    const { record, request } = this.#exchange;
    return Math.max(request.bodyLength, record.requestBytes);
  }

  #live(): ActiveExchange {
    if (this.#exchange === null) throw new Error('the exchange is over');
    return this.#exchange;
  }
}
