/**
 * What a request's body passes before anybody takes it: the limit on its length, and the guards of policies, for which each part waits. What waits
 * is at most one read: the client is not read meanwhile. One per exchange.
 */
import { Buffer } from 'node:buffer';
import type { BodyGuard, DenialCode } from '../policy/runtime.ts';
import type { ErrorCode } from './errors.ts';
import type { ActiveExchange } from './exchange.ts';
import { runningPolicy } from './policy-decision.ts';
import { ByGate } from './request-body.ts';

interface Part {
  readonly bytes: Buffer;
  readonly last: boolean;
  readonly trailers: Buffer | null;
}

interface Guarding {
  readonly policy: string;
  readonly guard: BodyGuard;
}

const none: readonly Guarding[] = [];

export class BodyGate {
  readonly #exchange: ActiveExchange;
  #guards = none;
  /** Another one means that the exchange has ended, and may serve another request. */
  #watch: object = none;
  /** The first is being looked at. */
  readonly #parts: Part[] = [];

  constructor(exchange: ActiveExchange) {
    this.#exchange = exchange;
  }

  /** @returns what it says of the part of the body that was read before; null if there is none */
  guard(guard: BodyGuard): Promise<DenialCode | null> | null {
    const { forward, inRequest, requestDone } = this.#exchange;
    if (!inRequest) throw new Error('the request phases are over');
    if (this.#guards.length === 0) this.#watch = {};
    this.#guards = [...this.#guards, { guard, policy: runningPolicy(this.#exchange) }];
    if (!forward.replay.collects || (forward.replay.length === 0 && !requestDone)) return null;
    return guard.data(forward.replay.bytes, requestDone);
  }

  admit(bytes: Buffer, start: number, end: number, last: boolean, trailers: Buffer | null): void {
    const { core, record, request } = this.#exchange;
    const { bodyBytes } = core.settings.limits;
    if (record.requestBytes > request.bodyLimit || (bodyBytes > 0 && record.requestBytes > bodyBytes)) {
      core.telemetry.limitHit('body-bytes');
      this.#refuse('body-too-large');
    } else if (this.#guards.length === 0) this.#exchange.takeBody(bytes, start, end, last, trailers);
    else this.#add({ bytes: Buffer.from(bytes.subarray(start, end)), last, trailers });
  }

  /** Nobody reads the body any more: what waits is dropped unseen. */
  open(): void {
    const waiting = this.#parts.splice(0);
    this.clear();
    for (const { bytes, last, trailers } of waiting) this.#exchange.takeBody(bytes, 0, bytes.length, last, trailers);
    this.#exchange.downstream?.unblock(ByGate);
  }

  /** Ready for the next exchange. */
  clear(): void {
    if (this.#guards.length === 0) return;
    for (const { guard } of this.#guards) guard.close();
    this.#guards = none;
    this.#watch = none;
    this.#parts.length = 0;
  }

  #add(part: Part): void {
    this.#parts.push(part);
    if (this.#parts.length > 1) return;
    this.#exchange.downstream!.block(ByGate);
    void this.#run(this.#watch);
  }

  async #run(watch: object): Promise<void> {
    const exchange = this.#exchange;
    for (let part = this.#parts[0]; part !== undefined; part = this.#parts[0]) {
      let refusal: Refusal | null;
      try {
        refusal = await ask(this.#guards, part);
      } catch (error) {
        if (this.#watch === watch) exchange.fault(error);
        return;
      }
      if (this.#watch !== watch) return;
      if (refusal !== null) {
        exchange.core.telemetry.policyDecision(refusal.policy, 'Enforce', 'denied', refusal.code);
        this.#refuse(refusal.code);
        return;
      }
      this.#parts.shift();
      exchange.takeBody(part.bytes, 0, part.bytes.length, part.last, part.trailers);
      if (this.#watch !== watch) return;
    }
    exchange.onTurnEnd();
    exchange.downstream?.unblock(ByGate);
  }

  #refuse(code: ErrorCode): void {
    const exchange = this.#exchange;
    if (!exchange.failRequest(code)) exchange.downstream!.destroy(code, true);
  }
}

interface Refusal {
  readonly policy: string;
  readonly code: DenialCode;
}

async function ask(guards: readonly Guarding[], { bytes, last }: Part): Promise<Refusal | null> {
  for (const { guard, policy } of guards) {
    const code = await guard.data(bytes, last);
    if (code !== null) return { policy, code };
  }
  return null;
}
