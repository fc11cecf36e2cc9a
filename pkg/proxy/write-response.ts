/** Begins the response to the client once its filters are through: head, framing, the fate of the connection. Used by `exchange.ts`. */
import { Buffer } from 'node:buffer';
import type { LocalResponse } from '../policy/runtime.ts';
import type { ActiveExchange } from './exchange.ts';
import { Framing } from './response-head.ts';

/** The body follows from upstream. */
export function writeUpstream(exchange: ActiveExchange): void {
  const { core, response, downstream, forward, request, writer } = exchange;
  response.close = response.framing === Framing.UntilClose || !downstream!.keepsAlive(exchange);
  response.keepAlive10 = !response.close && request.head.minor === 0;
  if (!writer.head(response, core.httpDate)) {
    forward.cancel();
    exchange.fail('upstream-invalid');
    return;
  }
  exchange.responseStarted = true;
  forward.onResponseReady();
}

/** The whole answer. */
export function writeLocal(exchange: ActiveExchange, { body }: LocalResponse): void {
  const { core, response, downstream, request, writer } = exchange;
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.length);
  if (response.framing === Framing.Length || request.method === 'HEAD')
    response.headers.set('Content-Length', String(bytes.length));
  response.close = !downstream!.keepsAlive(exchange);
  response.keepAlive10 = !response.close && request.head.minor === 0;
  exchange.responseStarted = true;
  if (!writer.head(response, core.httpDate)) throw new RangeError('the head of a local reply does not fit');
  writer.data(bytes, 0, bytes.length, false);
  writer.end(null);
  exchange.onResponseEnd();
}
