/** What the gateway asks a provider on its own account, kept from piling up: a dead provider fails at once, a slow one holds only so many. */
import {
  BrokenCircuitError,
  BulkheadRejectedError,
  bulkhead,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  type IPolicy,
  noJitterGenerator,
  wrap,
} from 'cockatiel';
import type { AskFailure } from '../policy/feeds.ts';
import type { Series } from '../telemetry/series.ts';
import { AskError } from './ask-error.ts';

export interface Breakers {
  /**
   * Runs `task`, or rejects at once with `breaker-open` or `overloaded`.
   * @param key what shares one breaker. What one tenant chooses (a timeout, a CA) belongs into it, or it would open the breaker of others.
   * @param host what metrics call it
   */
  run<T>(key: string, host: string, task: () => Promise<T>): Promise<T>;
  series(): readonly Series[];
}

export interface BreakerOptions {
  /** Milliseconds until an open breaker lets the first request through; doubled with each that fails, up to `longestPause`. */
  readonly firstPause?: number;
  readonly longestPause?: number;
}

/** Failures one after the other. */
const Threshold = 5;
const InFlight = 64;
const Waiting = 256;
const MaxBreakers = 1024;

/** That somebody is not there. What a provider answers, and what is refused before it is asked, says nothing of that. */
const outages: ReadonlySet<AskFailure> = new Set(['timeout', 'connect-failed', 'response-invalid']);

type Result = 'answered' | 'failed' | 'refused';

export function createBreakers({ firstPause = 1000, longestPause = 30_000 }: BreakerOptions = {}): Breakers {
  /** In the order of their use. */
  const breakers = new Map<string, IPolicy>();
  const counts = new Map<string, Record<Result, number>>();

  function breakerOf(key: string): IPolicy {
    const breaker = breakers.get(key) ?? create();
    breakers.delete(key);
    breakers.set(key, breaker);
    const [oldest] = breakers.keys();
    if (breakers.size > MaxBreakers && oldest !== undefined) breakers.delete(oldest);
    return breaker;
  }

  function create(): IPolicy {
    return wrap(
      bulkhead(InFlight, Waiting),
      circuitBreaker(
        handleWhen((error) => error instanceof AskError && outages.has(error.code)),
        {
          // The default, with jitter, may be no pause at all.
          halfOpenAfter: new ExponentialBackoff({
            generator: noJitterGenerator,
            initialDelay: firstPause,
            maxDelay: longestPause,
          }),
          breaker: new ConsecutiveBreaker(Threshold),
        },
      ),
    );
  }

  function count(host: string, result: Result): void {
    const known = counts.get(host) ?? { answered: 0, failed: 0, refused: 0 };
    // Hosts that come and go with configurations must not fill the memory.
    if (counts.size < MaxBreakers) counts.set(host, known);
    known[result]++;
  }

  return {
    async run(key, host, task) {
      try {
        const result = await breakerOf(key).execute(task);
        count(host, 'answered');
        return result;
      } catch (error) {
        const refusal = refusalOf(error, host);
        count(host, refusal === null ? 'failed' : 'refused');
        throw refusal ?? error;
      }
    },
    series: () => [
      {
        name: 'suuupra_provider_requests_total',
        help: 'Requests of the gateway itself to providers of identities; refused: not sent, since too many failed or wait.',
        type: 'counter',
        samples: [...counts].flatMap(([host, results]) =>
          Object.entries(results).flatMap(([result, value]) => (value > 0 ? [[{ host, result }, value] as const] : [])),
        ),
      },
    ],
  };
}

function refusalOf(error: unknown, host: string): AskError | null {
  if (error instanceof BrokenCircuitError) return new AskError('breaker-open', `${host} failed ${Threshold} times`);
  if (error instanceof BulkheadRejectedError) return new AskError('overloaded', `too many requests wait for ${host}`);
  return null;
}
