/** The policy keys `timeouts` and `retry`: fields of Gateway API's HTTPRouteRule, which a route's own fields replace. */
import { Type } from 'typebox';
import { parseDuration } from '../api/duration.ts';
import { duration, integer, list, type ValueOf } from '../api/schema.ts';
import type { Retry, Timeouts } from '../ir/route.ts';

const { Optional } = Type;

export const timeoutsSchema = Type.Object(
  {
    request: Optional(duration('From the head of the request to the end of the head of the answer; 0s for no limit.')),
    backendRequest: Optional(duration('The same for one try.')),
    idle: Optional(duration('Between two reads or writes of a body or tunnel; 0s for no limit.')),
  },
  { description: 'How long a request may take.' },
);

export const retrySchema = Type.Object(
  {
    codes: Optional(list(integer(400, 599, 'Status.'), 32, 'Statuses of the backend that are tried again.')),
    attempts: Optional(integer(0, 10, 'Tries after the first.')),
    backoff: Optional(duration('Before the first of them; doubled each time.')),
  },
  { description: 'Which requests are tried again.' },
);

export type TimeoutsSpec = ValueOf<typeof timeoutsSchema>;
export type RetrySpec = ValueOf<typeof retrySchema>;

/** HTTPRouteRetry leaves both to the implementation. */
const defaultAttempts = 1;
const defaultBackoff = 25;

export function translateTimeouts(spec: TimeoutsSpec): Timeouts {
  const timeouts: { -readonly [K in keyof Timeouts]: number } = {};
  for (const name of ['request', 'backendRequest', 'idle'] as const) {
    const text = spec[name];
    const value = text === undefined ? undefined : parseDuration(text);
    if (value !== undefined) timeouts[name] = value;
  }
  return timeouts;
}

export function translateRetry({ attempts, codes, backoff }: RetrySpec): Retry {
  return {
    attempts: attempts ?? defaultAttempts,
    codes: codes ?? [],
    backoff: (backoff === undefined ? undefined : parseDuration(backoff)) ?? defaultBackoff,
  };
}
