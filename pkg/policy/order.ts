/**
 * In which order the policies of a rule run, how their levels merge, and what users write for them. Read by translate, which writes
 * filters in this order, and by `api/policies.ts`, which makes the block `policies` of it.
 */
import type { TObject } from 'typebox';
import type { FilterKind } from '../ir/filter.ts';
import { authenticationSchema } from './authentication/spec.ts';
import { authorizationSchema } from './authorization/schema.ts';
import { compressionSchema } from './compression/schema.ts';
import { corsSchema } from './cors/schema.ts';
import { csrfSchema } from './csrf/schema.ts';
import { headersSchema } from './header-schema.ts';
import { ipAccessSchema } from './ipaccess/schema.ts';
import { requestLimitsSchema } from './requestlimits/schema.ts';
import { responseOverridesSchema } from './responseoverrides/schema.ts';
import { securityHeadersSchema } from './securityheaders/schema.ts';
import { isSettingKey, type SettingKey, settingSchemas } from './settings.ts';
import { signedURLsSchema } from './signedurls/schema.ts';
import { transformSchema } from './transform/spec.ts';
import { validationSchema } from './validation/schema.ts';

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
  csrf: {
    merge: 'Replace',
    failure: 'Closed',
    schema: csrfSchema,
    reason:
      'before authentication, so that no forged request gets as far as a login; behind cors, whose preflights are no requests yet',
  },
  compression: {
    merge: 'Replace',
    failure: 'Open',
    schema: compressionSchema,
    reason: 'behind everything that reads or changes a body or its fields on responses',
  },
  signedURLs: {
    merge: 'Replace',
    failure: 'Closed',
    schema: signedURLsSchema,
    reason:
      'before authentication, whose methods then see no parameter of the signature; a signed URL says what may be asked, not who asks',
  },
  authentication: {
    merge: 'Replace',
    failure: 'Closed',
    schema: authenticationSchema,
    reason: 'before everything that may answer or that asks who is asking',
  },
  externalAuth: {
    merge: 'Replace',
    failure: 'Closed',
    reason:
      'right behind authentication: a service that a route asks is one more check beside that of the policies, and sees no request that they refuse',
  },
  authorization: {
    merge: 'Stack',
    failure: 'Closed',
    schema: authorizationSchema,
    reason: 'right behind authentication, whose identity it judges; before anything is spent on the request',
  },
  requestLimits: {
    merge: 'Stack',
    failure: 'Closed',
    schema: requestLimitsSchema,
    reason:
      'behind authorization: who may not ask at all learns nothing of what may be asked; before whatever reads a body, for which it sets the limit',
  },
  responseHeaders: {
    merge: 'Replace',
    failure: 'Open',
    schema: headersSchema('response'),
    reason: 'before all that may answer, so that redirects and direct responses carry the headers too',
  },
  securityHeaders: {
    merge: 'Replace',
    failure: 'Open',
    schema: securityHeadersSchema,
    reason:
      'before all that may answer; behind responseHeaders, which has the last word, and before responseOverrides, whose answers carry them',
  },
  responseOverrides: {
    merge: 'Replace',
    failure: 'Open',
    schema: responseOverridesSchema,
    reason: 'behind all that changes responses but the headers, which the new answer carries too',
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
  validation: {
    merge: 'Replace',
    failure: 'Closed',
    schema: validationSchema,
    reason:
      'behind all that may refuse by the head alone, since it waits for the body; before transforms, so that it sees what the client sent',
  },
  transform: {
    merge: 'Replace',
    // It may be what keeps a field from a backend, or a client.
    failure: 'Closed',
    schema: transformSchema,
    reason:
      'behind all that decides, which sees what the client sent; before the filters of the route, which have the last word on requests',
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

/** Keys of the block `policies` that filters act on. */
export type FilterKey = {
  readonly [K in FilterKind]: Order[K] extends { readonly schema: TObject } ? K : never;
}[FilterKind];

/** All keys of the block. */
export type PolicyKey = FilterKey | SettingKey;

/** The schema of each key. */
export type PolicySchemas = { readonly [K in FilterKey]: Order[K]['schema'] } & typeof settingSchemas;

export const filterOrder: readonly FilterKind[] = Object.keys(order).filter(
  (kind): kind is FilterKind => kind in order,
);

/** Settings last: they are no step of an exchange. */
export const policyKeys: readonly PolicyKey[] = [
  ...filterOrder.filter(isFilterKey),
  ...Object.keys(settingSchemas).filter(isSettingKey),
];

/** Whether a filter of a route is what a key of the block would be. */
export function isFilterKey(kind: FilterKind): kind is FilterKey {
  return 'schema' in order[kind];
}

const settingPlace: Place = { merge: 'Replace', failure: 'Open', reason: 'no step of an exchange' };

export function placeOf(kind: FilterKind | SettingKey): Place {
  return isSettingKey(kind) ? settingPlace : order[kind];
}

export function schemaOf(key: PolicyKey): TObject {
  return isSettingKey(key) ? settingSchemas[key] : order[key].schema;
}

/** Sorts filters as they run. */
export function compareFilters(a: { readonly kind: FilterKind }, b: { readonly kind: FilterKind }): number {
  return filterOrder.indexOf(a.kind) - filterOrder.indexOf(b.kind);
}
