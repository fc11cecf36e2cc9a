/** What holds for the whole data plane: limits, client identity, header handling, egress. Every limit has a default, a metric and a test. */

export interface Settings {
  readonly limits: Limits;
  readonly timeouts: ListenerTimeouts;
  readonly headers: HeaderSettings;
  readonly path: PathSettings;
  readonly client: ClientIdentity;
  readonly egress: EgressSettings;
  readonly accessLog: AccessLogSettings;
  /** null: none. */
  readonly redis: RedisSettings | null;
}

export interface Limits {
  /** Request head without body, and response head, in bytes: 431. */
  readonly headerBytes: number;
  readonly headerCount: number;
  /** Request target in bytes: 414. */
  readonly urlLength: number;
  /** Request body in bytes, 0 for no limit: 413. */
  readonly bodyBytes: number;
  /** Open downstream connections of one worker. */
  readonly connections: number;
  readonly connectionsPerListener: number;
  /** Then the connection is closed with `Connection: close`, so that load evens out. */
  readonly requestsPerConnection: number;
  /** Downstream connections older than this get `Connection: close`; ms, 0 for no limit. */
  readonly connectionAge: number;
  /** Bytes of a request body kept for a retry or mirror. */
  readonly replayBytes: number;
}

/** Milliseconds. */
export interface ListenerTimeouts {
  readonly handshake: number;
  /** First byte of a head to its end. */
  readonly header: number;
  /** Between two reads of a request body. */
  readonly body: number;
  /** Keep-alive connection without a request. */
  readonly idle: number;
  /** A tunnel (WebSocket) with no byte in either direction. */
  readonly tunnel: number;
  /** A client that takes no byte of its response. */
  readonly write: number;
  /** Bytes a second that a request body must bring, measured over `body`; 0 for none. */
  readonly minBodyRate: number;
}

export interface HeaderSettings {
  /** Names with `_`: many backends read `X_Forwarded_For` as `X-Forwarded-For`. */
  readonly underscores: 'Reject' | 'Drop' | 'Allow';
  readonly via: boolean;
  readonly forwarded: boolean;
  readonly serverHeader: string;
}

/** See `routing/canonical.ts`. */
export interface PathSettings {
  readonly escapedSlashes: 'Separate' | 'Data' | 'Reject';
  readonly mergeSlashes: boolean;
  /** `;x=1` behind a segment (RFC 3986 3.3). */
  readonly parameters: 'RejectAmbiguous' | 'Data' | 'Ignore' | 'Reject';
  /** `%2561`, which is `%61` to who decodes once, and `a` to who decodes twice. */
  readonly doubleEscapes: 'RejectAmbiguous' | 'Data' | 'Reject';
}

/** Where the address of the client is read. */
export interface ClientAddress {
  /** Peers whose X-Forwarded-* and Forwarded are believed. */
  readonly trustedCIDRs: readonly string[];
  /** Number of trusted proxies counted from the right, one that speaks the PROXY protocol included; 0 believes nobody but trustedCIDRs. */
  readonly trustedHops: number;
  /**
   * Whether a connection begins with a PROXY header. `Optional`: one of a trusted peer may. `Required`: every one has to, and comes from
   * trustedCIDRs where there are any.
   */
  readonly proxyProtocol: 'Disabled' | 'Optional' | 'Required';
  /** A field of a trusted peer with the address and nothing else, asked instead of X-Forwarded-For; null for none. */
  readonly header: ClientHeader | null;
}

export interface ClientHeader {
  /** Lower case. */
  readonly name: string;
  /** Whether requests are refused in which a trusted peer does not say it, or that come from anybody else. */
  readonly failClosed: boolean;
}

export interface ClientIdentity extends ClientAddress {
  /** A FIN while the response is pending: `Cancel` aborts the upstream request, `Answer` answers anyway. */
  readonly halfClose: 'Cancel' | 'Answer';
}

export interface EgressSettings {
  readonly allowLoopback: boolean;
  /** Added to the built-in: loopback, link-local, metadata, the pod's own and the API server's addresses. */
  readonly deniedCIDRs: readonly string[];
  /** Patterns (`api.example.com`, `*.example.com`); empty allows every name that a Backend of an allowed type has. */
  readonly allowedHostnames: readonly string[];
}

export interface AccessLogSettings {
  /** Fields written, in this order; empty means all. */
  readonly fields: readonly string[];
  /** 0 to 1: share of the successful requests written; errors (5xx) always are. */
  readonly sampling: number;
  /** Query parameters and headers whose values are replaced: what the class says, and what policies take credentials from. */
  readonly redact: readonly string[];
}

/** The Redis of the data plane: what must hold across pods. */
export interface RedisSettings {
  /** `redis://host:port/database` or `rediss://…`, without credentials; tried in turn. */
  readonly urls: readonly string[];
  /** Ids in `Ir.secrets`; null: none. */
  readonly username: string | null;
  readonly password: string | null;
  /** Id in `Ir.authorities`; null for the CAs of the system. */
  readonly authority: string | null;
}
