/** Tells the log when a feed begins to fail, when nothing is left to decide by, and when it is well again; not every try. */
import type { Log } from '../telemetry/log.ts';
import type { FeedMeter, MeteredKind } from './feed-meters.ts';

/** Of what a provider says. */
const MaxFailure = 512;

/** @param source as metrics call it */
export function loggedMeter(
  meter: FeedMeter,
  feed: MeteredKind,
  source: string,
  log: Pick<Log, 'info' | 'warn'>,
): FeedMeter {
  let told: 'well' | 'stale' | 'gone' = 'well';
  return {
    ...meter,
    published(value, available) {
      meter.published(value, available);
      const state = !available ? 'gone' : value.failure === '' ? 'well' : 'stale';
      if (state === told) return;
      told = state;
      const failure = value.failure.slice(0, MaxFailure);
      if (state === 'well') log.info({ feed, source }, 'fetched again');
      else if (state === 'stale') log.warn({ feed, source, failure }, 'cannot be fetched; the last good value is used');
      else log.warn({ feed, source, failure }, 'there is nothing to decide by: requests that need it get 503');
    },
  };
}
