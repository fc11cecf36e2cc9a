/**
 * When the next of many requests to the API server may be sent: so many at once, then one in so many ms, and none while the server is away
 * or asks for a rest, since all the others would get the same answer. Used by whatever writes much.
 */
import type { Clock } from '../store/clock.ts';
import type { KubeError } from './api.ts';
import { Backoff } from './backoff.ts';
import { Bucket } from './bucket.ts';

/** ms of rest. Not long: each that failed waits longer by itself, and the first that succeeds speaks for all. */
const Rest = { first: 200, longest: 5_000 };

export class Throttle {
  readonly #clock: Clock;
  readonly #bucket: Bucket;
  readonly #every: number;
  readonly #rest: Backoff;
  #resume = Number.NEGATIVE_INFINITY;

  /** @param every ms */
  constructor(
    burst: number,
    every: number,
    { clock, random }: { readonly clock: Clock; readonly random: () => number },
  ) {
    this.#clock = clock;
    this.#bucket = new Bucket(burst, every, clock.now());
    this.#every = every;
    this.#rest = new Backoff(Rest.first, Rest.longest, random);
  }

  /** 0: it may be sent, and counts; else the ms after which to ask again. */
  take(): number {
    const now = this.#clock.now();
    if (now < this.#resume) return this.#resume - now;
    return this.#bucket.take(now) ? 0 : this.#every;
  }

  succeeded(): void {
    this.#rest.reset();
  }

  failed({ code, retryAfter }: KubeError): void {
    // No answer, too many requests, unavailable: what is not about the one object that was written.
    if (code !== 0 && code !== 429 && code !== 503) return;
    const now = this.#clock.now();
    // Many fail at once, and are one failure.
    if (now >= this.#resume) this.#resume = now + Math.max(this.#rest.next(), retryAfter * 1000);
  }
}
