/** Data-plane half of direct responses: the same answer for every request, made once. */
import type { LocalResponse, RuntimeFilter } from '../runtime.ts';
import type { DirectResponseConfig } from './schema.ts';

export function createDirectResponse(config: DirectResponseConfig): RuntimeFilter {
  const response: LocalResponse = {
    status: config.status,
    headers: config.body === '' ? {} : { 'content-type': config.contentType },
    body: new TextEncoder().encode(config.body),
  };
  return { onRequest: (exchange) => exchange.respond(response) };
}
