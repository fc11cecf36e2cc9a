/** Clusters: a set of endpoints that serve the same thing, and how to connect to them. */

export interface Cluster {
  /** What logs and metrics call it: `shop/orders:8080`. */
  readonly name: string;
  readonly protocol: 'HTTP11';
  /** Sorted by address, so that equal sets are equal text. */
  readonly endpoints: readonly Endpoint[];
  readonly tls?: UpstreamTls;
  readonly loadBalancer: 'RoundRobin' | 'LeastRequest';
  readonly limits: ClusterLimits;
  readonly connectTimeout: number;
  /** How long an idle connection is kept for reuse. */
  readonly idleTimeout: number;
  /** After how long a connection is not used again; 0 for no limit. */
  readonly maxLifetime: number;
  /** `Undici` forces the general adapter, `Auto` lets plaintext HTTP/1.1 take the fast lane. */
  readonly lane: 'Auto' | 'Undici';
}

export interface Endpoint {
  /** IP address, DNS name (external hostname), or absolute path of a unix socket. */
  readonly host: string;
  /** 0 for a unix socket. */
  readonly port: number;
  readonly weight: number;
  /** A terminating endpoint that still serves: used only when no other is there (KEP-1669). */
  readonly terminating: boolean;
}

export interface ClusterLimits {
  /** Per worker and endpoint. */
  readonly maxConnections: number;
  /** Requests that wait for a connection, per worker and cluster; one more is answered 503 `overloaded`. */
  readonly maxPendingRequests: number;
}

export interface UpstreamTls {
  /** SNI and the name the certificate must be for. */
  readonly servername: string;
  /** Ids in `Ir.authorities`; empty means the system's. */
  readonly authorities: readonly string[];
  /** Id in `Ir.certificates`. */
  readonly clientCertificate?: string;
  /** When given, one of these must be in the certificate instead of the servername (BackendTLSPolicy). */
  readonly subjectAltNames: readonly { readonly kind: 'Hostname' | 'URI'; readonly value: string }[];
}
