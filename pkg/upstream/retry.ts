/** Whether and when a failed attempt is made again. Pure decisions; the proxy's exchange acts on them. */
import type { Retry } from '../ir/route.ts';
import { type ErrorCode, errors } from '../proxy/errors.ts';

/** Retries wait no longer than this, however often they doubled. */
const MaxBackoffMs = 10_000;

/** RFC 9110 9.2.2: sent twice, they have the effect of once. */
export function isIdempotent(method: string): boolean {
  switch (method) {
    case 'GET':
    case 'HEAD':
    case 'OPTIONS':
    case 'PUT':
    case 'DELETE':
    case 'TRACE':
      return true;
    default:
      return false;
  }
}

/**
 * A failure before the response's head.
 * @param retry of the rule; without one nothing is retried
 * @param made retries so far
 * @param untouched as `onFailure` says it; a backend timeout (`upstream-timeout`) of an idempotent request counts as such
 */
export function retriesFailure(retry: Retry | undefined, made: number, code: ErrorCode, untouched: boolean): boolean {
  return retry !== undefined && made < retry.attempts && untouched && errors[code].retryable;
}

/** A response with one of the listed statuses. The user listed them, so any method is tried again whose body can be sent again. */
export function retriesStatus(retry: Retry | undefined, made: number, status: number): boolean {
  return retry !== undefined && made < retry.attempts && retry.codes.includes(status);
}

/**
 * Milliseconds before the next try: doubled each time, then anywhere between half of it and all of it, so that clients that failed together
 * do not come back together.
 * @param made retries so far
 * @param random 0 ≤ x < 1
 */
export function backoff(retry: Retry, made: number, random: number): number {
  const full = Math.min(retry.backoff * 2 ** made, MaxBackoffMs);
  return full / 2 + (full / 2) * random;
}

/** No server has seen the request: another endpoint may do. */
export function isConnectFailure(code: ErrorCode): boolean {
  return code === 'connect-failed' || code === 'connect-timeout';
}
