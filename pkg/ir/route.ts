/** Routes: HTTPRoute, GatewayRoute and Ingress have become one thing here. One object is one entry, so one edit ships one route. */

export interface Route {
  readonly kind: 'HTTPRoute' | 'GatewayRoute' | 'Ingress';
  readonly namespace: string;
  readonly name: string;
  /** creationTimestamp in seconds since the epoch; 0 where the source has none, which leaves the name to decide ties. */
  readonly created: number;
  readonly attachments: readonly Attachment[];
  readonly rules: readonly Rule[];
}

/** Where a route serves. */
export interface Attachment {
  /** Id in `Ir.listeners`. */
  readonly listener: string;
  /** Intersection of the route's and the listener's hostnames: `''` any, exact, or `*.suffix`; never empty. */
  readonly hostnames: readonly string[];
  /**
   * `*.suffix` stands for exactly one label (Ingress: "`*` … matches a single label"); absent: one or more (Gateway API).
   * Rules of both kinds compete under the same wildcard, so it is a condition on the host, not another hostname.
   */
  readonly oneLabel?: true;
}

export interface Rule {
  /** Index in the object's spec, for logs, metrics and status. */
  readonly index: number;
  readonly name?: string;
  /** Never empty: no match in the spec is `PathPrefix /`. */
  readonly matches: readonly Match[];
  /** Ids in `Ir.filters`, in the order of `policy/order.ts`; of each kind that replaces at most one that enforces. */
  readonly filters: readonly string[];
  /** Id in `Ir.policies`: which policy said what, for people; absent where no policy says anything. */
  readonly policies?: string;
  readonly action: Action;
  readonly timeouts: Timeouts;
  readonly retry?: Retry;
}

export type Action =
  /** To one of the backends. With no weight above 0 the answer is 500 `backend-invalid`. */
  | { readonly kind: 'forward'; readonly backends: readonly Backend[] }
  /** Never forwards: a filter (redirect, direct response) answers before. Reached without an answer it is a 500. */
  | { readonly kind: 'local' }
  /** Fails closed: e.g. an Ingress whose security annotation is not implemented. */
  | { readonly kind: 'refuse'; readonly status: number; readonly code: ErrorCodeOfRefusal };

export type ErrorCodeOfRefusal = 'backend-invalid' | 'annotation-unsupported' | 'policy-invalid';

export interface Backend {
  /** 0 to 1,000,000; share of the requests among the backends of the same priority. */
  readonly weight: number;
  /** 0 is asked first; a higher one only when the lower have no usable endpoint. */
  readonly priority: number;
  /** Id in `Ir.clusters`; null for a reference that does not resolve, whose share of the requests answers 500 (Gateway API). */
  readonly cluster: string | null;
  /** Ids in `Ir.filters` that run once this backend is chosen. */
  readonly filters: readonly string[];
}

/** All parts must hold. */
export interface Match {
  readonly path: PathMatch;
  /** Upper case as on the wire. */
  readonly method?: string;
  readonly headers: readonly NamedMatch[];
  readonly queryParams: readonly NamedMatch[];
  readonly cookies: readonly NamedMatch[];
}

export interface PathMatch {
  readonly kind: 'Exact' | 'PathPrefix' | 'RegularExpression';
  /** Compared with the canonical path (decoded, slashes merged). PathPrefix has no trailing slash, except `/` itself. */
  readonly value: string;
}

export interface NamedMatch {
  /** Header names in lower case; query parameter and cookie names as they are. */
  readonly name: string;
  readonly kind: 'Exact' | 'RegularExpression';
  readonly value: string;
}

/** Milliseconds; absent or 0 is no limit. */
export interface Timeouts {
  /** From the request's head to the end of the response's head. */
  readonly request?: number;
  /** The same for one attempt. */
  readonly backendRequest?: number;
  /** Between two reads or writes of a body or tunnel. */
  readonly idle?: number;
}

export interface Retry {
  /** Retries after the first try; connection failures and backendRequest timeouts count too. */
  readonly attempts: number;
  /** Upstream statuses that are tried again. */
  readonly codes: readonly number[];
  /** Milliseconds before the first retry; doubled each time, with jitter. */
  readonly backoff: number;
}
