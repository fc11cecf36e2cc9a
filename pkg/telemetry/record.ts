/** What is told of one finished exchange: the access log line and the metrics are both made from it. One instance per connection, refilled. */

export interface AccessRecord {
  /** Wall clock, ms since the epoch, when the head was complete. */
  time: number;
  clientAddress: string;
  method: string;
  scheme: 'http' | 'https';
  host: string;
  /** Canonical path. */
  path: string;
  /** With the question mark; `''` without. */
  query: string;
  protocol: 'HTTP/1.0' | 'HTTP/1.1';
  status: number;
  /** Response flag of `proxy/errors.ts`, `''` if nothing went wrong. */
  flag: string;
  requestId: string;
  requestBytes: number;
  responseBytes: number;
  /** Microseconds from the head's first byte to the response's last. */
  duration: number;
  /** Microseconds from the request's start of the last attempt to the head of its response; -1 if none came. */
  upstreamDuration: number;
  attempts: number;
  /** `Kind/namespace/name`, `''` if none matched. */
  route: string;
  /** Index of the rule, -1 if none. */
  rule: number;
  /** Listener id, `''` if none. */
  listener: string;
  /** Name of the cluster. */
  cluster: string;
  /** `10.0.0.7:8080`. */
  endpoint: string;
  userAgent: string;
  /** `Identity.subject`, at most 256 characters; `''` for anonymous requests. */
  identity: string;
  /** `Identity.tenant`. */
  tenant: string;
  /** `Identity.method`. */
  authMethod: string;
  /** `Identity.provider`: for metrics alone. */
  authProvider: string;
  /** What policies in shadow mode would have done: `policy:code`, comma-separated. */
  shadow: string;
}

/** Where a worker's data plane reports. All calls are synchronous, cheap, and never throw. */
export interface Telemetry {
  exchange(record: AccessRecord): void;
  connectionOpened(listenerSocket: string): void;
  connectionClosed(listenerSocket: string): void;
  /** A limit refused something: `connections`, `header-timeout`, `body-bytes`, … */
  limitHit(limit: string): void;
  upstreamConnection(cluster: string, event: 'opened' | 'closed' | 'failed' | 'reused'): void;
  /**
   * A policy refused a request, or failed; in mode Shadow it would have.
   * @param code of the denial, or `status-NNN` of another answer
   */
  policyDecision(policy: string, mode: 'Enforce' | 'Shadow', decision: 'denied' | 'error', code: string): void;
  /** A policy left out a value that it has computed. */
  valueDropped(policy: string, mode: 'Enforce' | 'Shadow', reason: 'failed' | 'invalid'): void;
  tunnel(event: 'opened' | 'closed'): void;
}
