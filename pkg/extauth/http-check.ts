/** Asks a service by a request of HTTP. */
import type { FilterEnv } from '../policy/runtime.ts';
import type { ExternalAuthConfig, HttpService } from './config.ts';
import { createReadAnswer } from './http-answer.ts';
import { createCheckRequest } from './http-request.ts';
import type { Ask } from './verdict.ts';

/** Of an answer: a page that says no, as a rule. A longer one is no decision. */
const MAX_ANSWER = 256 * 1024;

/** @returns rejects if the service does not answer */
export function createHttpCheck({ cluster, timeout }: ExternalAuthConfig, service: HttpService, env: FilterEnv): Ask {
  const requestOf = createCheckRequest(service);
  const read = createReadAnswer(service);
  return async (exchange, body, signal) => {
    const request = requestOf(exchange);
    const answer = await env.call({
      ...request,
      ...(body === null ? {} : { body }),
      cluster,
      authority: service.authority,
      timeout,
      maxBody: MAX_ANSWER,
      ...(signal !== null && { signal }),
    });
    return read(answer);
  };
}
