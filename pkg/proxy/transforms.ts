/** The transforms that filters have added to one response, from the phase that adds them to the end of the exchange. Refilled. */
import type { BodyTransform } from '../policy/runtime.ts';
import type { ActiveExchange } from './exchange.ts';
import { ResponseBody } from './response-body.ts';
import { Framing } from './response-head.ts';

export class Transforms {
  /** While a body passes through them; else null. */
  body: ResponseBody | null = null;
  readonly #exchange: ActiveExchange;
  readonly #added: BodyTransform[] = [];

  constructor(exchange: ActiveExchange) {
    this.#exchange = exchange;
  }

  get any(): boolean {
    return this.#added.length > 0;
  }

  add(transform: BodyTransform): void {
    this.#added.push(transform);
  }

  /** Before the head is written. An answer without a body has nothing to transform; its Content-Length would be that of another. */
  begin(): void {
    const { response, request } = this.#exchange;
    if (!this.any) return;
    response.transform(request.head.minor);
    if (response.framing !== Framing.None) this.body = new ResponseBody(this.#exchange, this.#added);
  }

  close(): void {
    if (!this.any) return;
    this.body?.close();
    this.body = null;
    for (const transform of this.#added.splice(0)) {
      try {
        transform.close();
      } catch (error) {
        this.#exchange.core.fault('the end of a transform', error);
      }
    }
  }
}
