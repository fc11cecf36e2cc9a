/**
 * In which order the policies of a rule run, how their levels merge, and what users write for them. Read by translate, which writes
 * filters in this order, and by `api/policies.ts`, which makes the block `policies` of it.
 */
import type { TObject } from 'typebox';
import type { FilterKind } from '../ir/filter.ts';
import { authenticationSchema } from './authentication/spec.ts';
import { authorizationSchema } from './authorization/schema.ts';
import { corsSchema } from './cors/schema.ts';
import { headersSchema } from './header-schema.ts';
import { ipAccessSchema } from './ipaccess/schema.ts';

export interface Place {
  /** `Replace`: the most specific level wins as a unit. `Stack`: every level's configuration holds. */
  readonly merge: 'Replace' | 'Stack';
  /**
   * What becomes of a rule whose policy cannot be built. `Closed`: it answers 500, since what is missing may have been its guard.
   * `Open`: it is served without.
   */
  readonly failure: 'Closed' | 'Open';
  /** Why it stands where it stands. */
  readonly reason: string;
  /** What users write under this key of `policies`; absent for what only a filter of a route can ask for. */
  readonly schema?: TObject;
}

/** Requests run from top to bottom, responses from bottom to top. */
const order = {
  ipAccess: {
    merge: 'Stack',
    failure: 'Closed',
    schema: ipAccessSchema,
    reason: 'first: who may not come at all is told nothing, not even by a preflight, and costs nothing that follows',
  },
  cors: {
    merge: 'Replace',
    failure: 'Open',
    schema: corsSchema,
    reason:
      'before all that asks for credentials, which a preflight has not; behind it on responses, so that every answer carries it',
  },
  authentication: {
    merge: 'Replace',
    failure: 'Closed',
    schema: authenticationSchema,
    reason: 'before everything that may answer or that asks who is asking',
  },
  authorization: {
    merge: 'Stack',
    failure: 'Closed',
    schema: authorizationSchema,
    reason: 'right behind authentication, whose identity it judges; before anything is spent on the request',
  },
  responseHeaders: {
    merge: 'Replace',
    failure: 'Open',
    schema: headersSchema('response'),
    reason: 'before all that may answer, so that redirects and direct responses carry the headers too',
  },
  redirect: {
    merge: 'Replace',
    failure: 'Closed',
    reason: 'answers, so behind what protects the rule; what follows only prepares forwarding',
  },
  directResponse: {
    merge: 'Replace',
    failure: 'Closed',
    reason: 'answers; behind redirect, so that a redirect to HTTPS comes first',
  },
  requestHeaders: {
    merge: 'Replace',
    failure: 'Open',
    schema: headersSchema('request'),
    reason: 'before mirror, which copies the request as the backend gets it',
  },
  rewrite: { merge: 'Replace', failure: 'Closed', reason: 'before mirror for the same reason' },
  mirror: { merge: 'Stack', failure: 'Open', reason: 'last: copies what will be forwarded' },
} as const satisfies Readonly<Record<FilterKind, Place>>;

type Order = typeof order;

/** Keys of the block `policies`. */
export type PolicyKey = {
  readonly [K in FilterKind]: Order[K] extends { readonly schema: TObject } ? K : never;
}[FilterKind];

/** The schema of each key. */
export type PolicySchemas = { readonly [K in PolicyKey]: Order[K]['schema'] };

export const filterOrder: readonly FilterKind[] = Object.keys(order).filter(
  (kind): kind is FilterKind => kind in order,
);

export const policyKeys: readonly PolicyKey[] = filterOrder.filter(isPolicyKey);

export function isPolicyKey(kind: FilterKind): kind is PolicyKey {
  return 'schema' in order[kind];
}

export function placeOf(kind: FilterKind): Place {
  return order[kind];
}

export function schemaOf(key: PolicyKey): TObject {
  return order[key].schema;
}

/** Sorts filters as they run. */
export function compareFilters(a: { readonly kind: FilterKind }, b: { readonly kind: FilterKind }): number {
  return filterOrder.indexOf(a.kind) - filterOrder.indexOf(b.kind);
}
