/** Begins the response to the client once its filters are through: head, framing, the fate of the connection. Used by `exchange.ts`. */
import { Buffer } from 'node:buffer';
import type { LocalResponse } from '../policy/runtime.ts';
import type { ActiveExchange } from './exchange.ts';
import { Framing } from './response-head.ts';

/** The body follows from upstream. */
export function writeUpstream(exchange: ActiveExchange): void {
  const { forward, transforms } = exchange;
  transforms.begin();
  if (!writeHead(exchange)) {
    forward.cancel();
    exchange.fail('upstream-invalid');
    return;
  }
  forward.onResponseReady();
}

/** The whole answer. */
export function writeLocal(exchange: ActiveExchange, { body }: LocalResponse): void {
  const { response, request, transforms, writer } = exchange;
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.length);
  transforms.begin();
  if (!transforms.any && (response.framing === Framing.Length || request.method === 'HEAD'))
    response.headers.set('Content-Length', String(bytes.length));
  if (!writeHead(exchange)) throw new RangeError('the head of a local reply does not fit');
  const transformed = transforms.body;
  if (transformed === null) {
    writer.data(bytes, 0, bytes.length, false);
    writer.end(null);
    exchange.onResponseEnd();
    return;
  }
  transformed.data(bytes, 0, bytes.length);
  if (transforms.body === transformed) transformed.end();
}

/** @returns false if it does not fit */
function writeHead(exchange: ActiveExchange): boolean {
  const { core, response, downstream, request, writer } = exchange;
  response.close = response.framing === Framing.UntilClose || !downstream!.keepsAlive(exchange);
  response.keepAlive10 = !response.close && request.head.minor === 0;
  if (!writer.head(response, core.httpDate)) return false;
  exchange.responseStarted = true;
  return true;
}
