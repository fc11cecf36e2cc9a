/** Asks a service whether a request may pass: with its body where it wants it, from what is known where it may, never when it is down. */
import {
  bulkhead,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  type IPolicy,
  noJitterGenerator,
  wrap,
} from 'cockatiel';
import type { Exchange, FilterEnv } from '../policy/runtime.ts';
import { VerdictCache } from './cache.ts';
import type { ExternalAuthConfig } from './config.ts';
import { createGrpcCheck } from './grpc-check.ts';
import { createHttpCheck } from './http-check.ts';
import { type Check, tooLarge, undecided, type Verdict } from './verdict.ts';

/** Of one worker: more wait in vain, since each of them holds a client. */
const IN_FLIGHT = 1024;
/** Calls that ran out of time, one after the other, until the service is left alone for a moment. */
const THRESHOLD = 10;
/** All other failures cost no time; to wait after them would only make a restart of the service longer for clients. */
const SLOW: ReadonlySet<unknown> = new Set(['connect-timeout', 'upstream-timeout']);
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 5000;

export function createCheck(config: ExternalAuthConfig, env: FilterEnv): Check {
  const { service, maxBody, cache: cacheConfig } = config;
  const ask =
    service.protocol === 'HTTP' ? createHttpCheck(config, service, env) : createGrpcCheck(config, service, env);
  const guard = createGuard();
  const cache = cacheConfig === null ? null : new VerdictCache(cacheConfig, () => env.now());

  async function decide(exchange: Exchange): Promise<Verdict> {
    let body: Uint8Array | null = null;
    if (maxBody > 0 && exchange.request.hasBody) {
      body = await exchange.request.readBody(maxBody);
      if (body === null) return tooLarge;
    }
    try {
      return await guard.execute(() => ask(exchange, body, cache === null ? exchange.signal : null));
    } catch {
      // Fails closed: whatever went wrong, nobody has said that the request may pass.
      return undecided;
    }
  }

  return (exchange) => (cache === null ? decide(exchange) : cache.check(exchange, () => decide(exchange)));
}

/** A service that is silent fails at once instead of holding every request for its timeout. */
function createGuard(): IPolicy {
  return wrap(
    bulkhead(IN_FLIGHT),
    circuitBreaker(
      handleWhen((error) => SLOW.has((error as { readonly code?: unknown }).code)),
      {
        halfOpenAfter: new ExponentialBackoff({
          // The default, with jitter, may be no pause at all.
          generator: noJitterGenerator,
          initialDelay: FIRST_PAUSE,
          maxDelay: LONGEST_PAUSE,
        }),
        breaker: new ConsecutiveBreaker(THRESHOLD),
      },
    ),
  );
}
