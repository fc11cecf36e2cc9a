/** In which order the policies of a rule run, and how levels merge. Read by translate, which writes filters in this order. */
import type { FilterKind } from '../ir/filter.ts';

export interface Place {
  /** `Replace`: the most specific level wins as a unit. `Stack`: every level's configuration holds. */
  readonly merge: 'Replace' | 'Stack';
  /** Why it stands where it stands. */
  readonly reason: string;
}

/** Requests run from top to bottom, responses from bottom to top. */
const order = {
  cors: {
    merge: 'Replace',
    reason:
      'first: a preflight has no credentials and no other policy may refuse it; last on responses, so that every answer carries it',
  },
  responseHeaders: {
    merge: 'Replace',
    reason: 'before all that may answer, so that redirects and direct responses carry the headers too',
  },
  redirect: { merge: 'Replace', reason: 'answers; what follows only prepares forwarding' },
  directResponse: { merge: 'Replace', reason: 'answers; behind redirect, so that a redirect to HTTPS comes first' },
  requestHeaders: { merge: 'Replace', reason: 'before mirror, which copies the request as the backend gets it' },
  rewrite: { merge: 'Replace', reason: 'before mirror for the same reason' },
  mirror: { merge: 'Stack', reason: 'last: copies what will be forwarded' },
} as const satisfies Readonly<Record<FilterKind, Place>>;

export const filterOrder: readonly FilterKind[] = Object.keys(order).filter(
  (kind): kind is FilterKind => kind in order,
);

export function placeOf(kind: FilterKind): Place {
  return order[kind];
}

/** Sorts filters as they run. */
export function compareFilters(a: { readonly kind: FilterKind }, b: { readonly kind: FilterKind }): number {
  return filterOrder.indexOf(a.kind) - filterOrder.indexOf(b.kind);
}
