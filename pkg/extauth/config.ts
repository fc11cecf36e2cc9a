/** External authorization: what a worker needs to ask a service whether a request may pass. Plain JSON. */

export interface ExternalAuthConfig {
  /** Id in `Ir.clusters`. */
  readonly cluster: string;
  readonly service: HttpService | GrpcService;
  /** Bytes of the request's body that the service may see; 0: none. A longer body is refused. */
  readonly maxBody: number;
  /** Milliseconds for a whole answer. */
  readonly timeout: number;
  /** What the client gets when the service does not decide. */
  readonly statusOnError: 403 | 503;
  readonly cache: CacheConfig | null;
}

export interface HttpService {
  readonly protocol: 'HTTP';
  /** What Host says. */
  readonly authority: string;
  /** `Original`: the client's. */
  readonly method: 'GET' | 'HEAD' | 'POST' | 'Original';
  /** `Prefix`: the client's path and query follow it. */
  readonly path: { readonly type: 'Fixed' | 'Prefix'; readonly value: string };
  /** `nginx`: the fields that ingress-nginx adds. */
  readonly contract: 'nginx' | 'none';
  /** Fields of the client that the service sees, in lower case; null: all of them. */
  readonly requestHeaders: readonly string[] | null;
  /** Fields of its answer that the backend gets, as they were written; null: all of them. */
  readonly responseHeaders: readonly string[] | null;
  /** What lets a request pass: any 2xx, or 200 alone. */
  readonly passes: 'Any2xx' | 'Only200';
  /** What is given to the client beside 401, 403 and redirects, which always are; anything else is no decision. */
  readonly refusals: 'None' | 'Any4xx';
}

/** Envoy's `envoy.service.auth.v3.Authorization`. */
export interface GrpcService {
  readonly protocol: 'GRPC';
  readonly requestHeaders: readonly string[] | null;
  /** Sent along with every request. */
  readonly contextExtensions: Readonly<Record<string, string>>;
}

/** Answers that let pass are used again for requests of the same key. */
export interface CacheConfig {
  /** Lower case. A request that has none of these headers and cookies is not cached. */
  readonly headers: readonly string[];
  readonly cookies: readonly string[];
  /** `Request`: method, host, path, query, client address and certificate are part of the key. `Credentials`: the headers and cookies alone. */
  readonly scope: 'Request' | 'Credentials';
  /** Milliseconds. */
  readonly ttl: number;
  readonly maxEntries: number;
}
