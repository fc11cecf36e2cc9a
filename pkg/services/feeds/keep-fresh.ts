/**
 * Something fetched again and again: before it gets old, sooner after a failure, and when somebody misses something in it.
 * The last good value is used through an outage, for a bounded time.
 */
import type { Fetched, Freshness } from '../../policy/feeds.ts';
import type { Clock } from '../../store/clock.ts';
import type { RunningFeed } from '../feed.ts';
import type { FeedMeter } from '../feed-meters.ts';

export interface FreshEnv {
  readonly clock: Clock;
  /** Milliseconds since the epoch. */
  readonly wallClock: () => number;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** Of one load, in milliseconds. */
  readonly timeout: number;
  readonly meter: FeedMeter;
}

export interface FreshValue<T> extends Fetched {
  /** null: there is none, or it is too old. */
  readonly value: T | null;
}

export interface KeepFreshOptions<T> extends Pick<Freshness, 'cacheDuration' | 'maxStale'> {
  /** Rejects with an Error whose message says why, at the latest when the signal is aborted. */
  readonly load: (signal: AbortSignal) => Promise<T>;
  /** From a life before this one. */
  readonly last: FreshValue<T> | null;
  readonly publish: (value: FreshValue<T>) => void;
}

/** Between the starts of two loads that somebody asked for, in milliseconds: unknown key ids are free to invent. */
const Cooldown = 30_000;
/** Milliseconds, whatever a configuration says. */
const ShortestCache = 1000;
const FirstRetry = 1000;
const LongestRetry = 60_000;
/** What a timer of Node can hold; a longer delay would fire at once. */
const LongestDelay = 2_147_483_647;

export function keepFresh<T>(
  options: KeepFreshOptions<T>,
  { clock, wallClock, random, timeout, meter }: FreshEnv,
): RunningFeed {
  const { load, publish, cacheDuration, maxStale } = options;
  let state: FreshValue<T> = { value: null, fetchedAt: 0, failure: '' };
  let retry = FirstRetry;
  let startedAt = Number.NEGATIVE_INFINITY;
  let running: Promise<boolean> | null = null;
  let cancelNext: () => void = () => undefined;
  let cancelExpiry: () => void = () => undefined;
  let closed = false;

  function tell(next: FreshValue<T>): void {
    state = next;
    meter.published(next, next.value !== null);
    publish(next);
  }

  function run(): Promise<boolean> {
    cancelNext();
    startedAt = clock.now();
    running = load(AbortSignal.timeout(timeout))
      .then(succeeded, failed)
      .finally(() => (running = null));
    return running;
  }

  function succeeded(value: T): boolean {
    if (closed) return false;
    retry = FirstRetry;
    meter.tried(true);
    tell({ value, fetchedAt: wallClock(), failure: '' });
    // Earlier than it must, and not at the same moment as other pods.
    next(Math.max(ShortestCache, cacheDuration * (0.75 + 0.2 * random())));
    expireIn(cacheDuration + maxStale);
    return true;
  }

  function failed(error: unknown): boolean {
    if (closed) return false;
    meter.tried(false);
    tell({ ...state, failure: Error.isError(error) ? error.message : String(error) });
    next(retry * (0.5 + 0.5 * random()));
    retry = Math.min(LongestRetry, retry * 2);
    return false;
  }

  function next(delay: number): void {
    cancelNext();
    cancelNext = clock.after(Math.min(delay, LongestDelay), () => void run());
  }

  function expireIn(delay: number): void {
    cancelExpiry();
    const end = clock.now() + delay;
    const wait = (): void => {
      const left = end - clock.now();
      if (left > 0) cancelExpiry = clock.after(Math.min(left, LongestDelay), wait);
      else tell({ ...state, value: null, failure: state.failure || 'it is too old' });
    };
    wait();
  }

  function begin(): void {
    if (closed) return;
    const { last } = options;
    const age = last === null ? Number.POSITIVE_INFINITY : Math.max(0, wallClock() - last.fetchedAt);
    if (last === null || last.value === null || age >= cacheDuration + maxStale) {
      void run();
      return;
    }
    tell(last);
    expireIn(cacheDuration + maxStale - age);
    next(Math.max(0, cacheDuration * (0.75 + 0.2 * random()) - age));
  }

  // Whoever starts it is not told from within the start.
  queueMicrotask(begin);
  return {
    refresh() {
      if (running !== null) return running;
      if (closed || clock.now() - startedAt < Cooldown) return Promise.resolve(false);
      return run();
    },
    close() {
      closed = true;
      cancelNext();
      cancelExpiry();
    },
  };
}
