/** Transforms for the tests of response bodies. */
import { Buffer } from 'node:buffer';
import type { BodySink, BodyTransform, Exchange, RuntimeFilter } from '../policy/runtime.ts';

/** Transforms every response by what `create` makes. */
export const transforming = (create: (exchange: Exchange) => BodyTransform): RuntimeFilter => ({
  onResponse: (exchange) => exchange.transformBody(create(exchange)),
});

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
export const upper = (bytes: Uint8Array): Buffer =>
  Buffer.from(Buffer.from(bytes).toString('latin1').toUpperCase(), 'latin1');

/** Upper case with a frame around it; counts its closings. */
export class Upper implements BodyTransform {
  closed = 0;
  readonly #frame: string;

  constructor(frame = '') {
    this.#frame = frame;
  }

  data(bytes: Uint8Array, sink: BodySink): void | Promise<void> {
    sink.data(upper(bytes));
  }

  end(sink: BodySink): void | Promise<void> {
    sink.data(Buffer.from(this.#frame));
    sink.end();
  }

  close(): void {
    this.closed++;
  }
}

/** The same, a few turns later. */
export class Late extends Upper {
  most = 0;
  #held = 0;

  override async data(bytes: Uint8Array, sink: BodySink): Promise<void> {
    const copy = upper(bytes);
    this.#held += copy.length;
    this.most = Math.max(this.most, this.#held);
    for (let i = 0; i < 3; i++) await turn();
    this.#held -= copy.length;
    sink.data(copy);
  }

  override async end(sink: BodySink): Promise<void> {
    await turn();
    await super.end(sink);
  }
}

/** A response in chunks, with trailers. */
export const chunked =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n';
