/**
 * A response body on its way through the transforms of policies: from the upstream or a local reply to the writer. One per response that has any.
 *
 * What a transform emits is copied and given to the writer when the transform has returned: the region that the writer fills is the whole worker's,
 * and a transform may cause a write elsewhere. For the same reason what comes at a time of its own waits for the end of the turn.
 */
import { Buffer } from 'node:buffer';
import type { BodySink, BodyTransform } from '../policy/runtime.ts';
import type { ActiveExchange } from './exchange.ts';

export class ResponseBody {
  readonly #exchange: ActiveExchange;
  readonly #first: Stage;
  /** Emitted by the last stage, and not yet the writer's. */
  #parts: Buffer[] = [];
  /** Calls into transforms that have not returned. */
  #depth = 0;
  #scheduled = false;
  /** Stages that take nothing more for now. */
  #waits = 0;
  #complete = false;
  #failure: { readonly error: unknown } | null = null;
  #over = false;
  #drains: (() => void)[] = [];

  /** @param transforms at least one */
  constructor(exchange: ActiveExchange, transforms: readonly BodyTransform[]) {
    this.#exchange = exchange;
    let next: Stage | null = null;
    for (const transform of transforms.toReversed()) next = new Stage(this, transform, next);
    this.#first = next!;
  }

  /** No more may come until `forward.onBodyReady`. */
  get busy(): boolean {
    return this.#waits > 0;
  }

  /** Nothing that transforms do has an effect any more. */
  get over(): boolean {
    return this.#over;
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (!this.#enter()) return;
    this.#first.feed(bytes.subarray(start, end));
    this.#leave();
  }

  end(): void {
    if (!this.#enter()) return;
    this.#first.finish();
    this.#leave();
  }

  onClientDrain(): void {
    for (const wake of this.#drains.splice(0)) wake();
  }

  close(): void {
    this.#over = true;
    this.#parts = [];
    this.onClientDrain();
  }

  // ── What stages tell ──

  emit(bytes: Uint8Array): void {
    this.#parts.push(Buffer.from(bytes));
    this.#schedule();
  }

  complete(): void {
    this.#complete = true;
    this.#schedule();
  }

  /** @param error null if the transform has said so itself */
  fail(error: unknown): void {
    if (this.#over) return;
    this.#failure ??= { error };
    this.#schedule();
  }

  onWait(): void {
    this.#waits++;
  }

  onWaited(stage: Stage): void {
    if (this.#over) return;
    this.#waits--;
    this.#depth++;
    stage.goOn();
    this.#depth--;
    this.deliver();
  }

  drained(): Promise<void> | null {
    if (this.#over || !this.#exchange.writer.slow) return null;
    return new Promise((resolve) => void this.#drains.push(resolve));
  }

  /** At the end of a turn that was not the upstream's. */
  deliver(): void {
    this.#scheduled = false;
    if (!this.#pass()) return;
    const { downstream, forward, writer } = this.#exchange;
    writer.flush();
    if (writer.slow) downstream!.onSlow();
    else if (!this.busy) forward.onBodyReady();
  }

  #enter(): boolean {
    if (this.#over) return false;
    this.#exchange.writer.flush();
    this.#depth++;
    return true;
  }

  #leave(): void {
    this.#depth--;
    if (this.#depth === 0) this.#pass();
  }

  #schedule(): void {
    if (this.#depth > 0 || this.#scheduled || this.#over) return;
    this.#scheduled = true;
    process.nextTick(deliver, this);
  }

  /** Gives the writer what there is. @returns whether the response goes on */
  #pass(): boolean {
    if (this.#over) return false;
    const exchange = this.#exchange;
    const { writer } = exchange;
    if (this.#failure !== null) {
      this.#over = true;
      exchange.breakResponse(this.#failure.error);
      return false;
    }
    for (const part of this.#parts) writer.data(part, 0, part.length, false);
    this.#parts = [];
    if (!this.#complete) return true;
    this.#over = true;
    writer.end(null);
    exchange.onResponseEnd();
    return false;
  }
}

const deliver = (body: ResponseBody): void => body.deliver();

/** One transform, and what it passes on to. */
class Stage implements BodySink {
  readonly #body: ResponseBody;
  readonly #transform: BodyTransform;
  readonly #next: Stage | null;
  #waiting = false;
  /** Came while the transform was waiting: at most what one read of the upstream, or one call of the stage before, has brought. */
  #queue: Buffer[] = [];
  #inputEnds = false;
  #outputEnded = false;

  constructor(body: ResponseBody, transform: BodyTransform, next: Stage | null) {
    this.#body = body;
    this.#transform = transform;
    this.#next = next;
  }

  feed(bytes: Uint8Array): void {
    if (this.#waiting) this.#queue.push(Buffer.from(bytes));
    else if (!this.#outputEnded) this.#call(bytes);
  }

  finish(): void {
    if (this.#waiting) this.#inputEnds = true;
    else if (!this.#outputEnded) this.#call(null);
  }

  /** Its wait is over. */
  goOn(): void {
    this.#waiting = false;
    while (this.#queue.length > 0 && !this.#waiting) this.feed(this.#queue.shift()!);
    if (this.#inputEnds && !this.#waiting) this.finish();
  }

  data(bytes: Uint8Array): void {
    if (this.#outputEnded || this.#body.over || bytes.length === 0) return;
    if (this.#next === null) this.#body.emit(bytes);
    else this.#next.feed(bytes);
  }

  end(): void {
    if (this.#outputEnded || this.#body.over) return;
    this.#outputEnded = true;
    if (this.#next === null) this.#body.complete();
    else this.#next.finish();
  }

  fail(): void {
    this.#body.fail(null);
  }

  drained(): Promise<void> | null {
    return this.#body.drained();
  }

  /** @param bytes null for the end */
  #call(bytes: Uint8Array | null): void {
    const body = this.#body;
    try {
      const promise = bytes === null ? this.#transform.end(this) : this.#transform.data(bytes, this);
      if (promise === undefined) return;
      this.#waiting = true;
      body.onWait();
      promise.then(
        () => body.onWaited(this),
        (error: unknown) => body.fail(error),
      );
    } catch (error) {
      body.fail(error);
    }
  }
}
