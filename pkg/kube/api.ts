/**
 * How the gateway speaks to the API server: raw JSON, no models that drop fields they do not know. `client.ts` implements it over
 * HTTPS, `testkit/apiserver.ts` in memory; reflector, lease, events and the writers know only this.
 */

export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/orders/status` */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** JSON-serialisable. */
  readonly body?: unknown;
  /** Of the body; default `application/json`. Patches say `application/merge-patch+json` or `application/apply-patch+yaml`. */
  readonly contentType?: string;
  /** Default `application/json`; a metadata watch asks for `application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1`. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

/** One event of a watch, as the API server sends it: ERROR holds a `Status`, BOOKMARK an object with a resourceVersion alone. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: Readonly<Record<string, unknown>>;
}

export interface KubeApi {
  /**
   * The answer's body.
   * @throws KubeError for an answer of 400 and above, and when there is no answer (code 0)
   */
  send(request: KubeRequest): Promise<unknown>;
  /**
   * Events until the server ends the stream (the iteration returns), it breaks or goes silent (it throws a KubeError), or `signal` aborts
   * (it returns). `watch=1` is added to the query.
   */
  watch(request: Omit<KubeRequest, 'method' | 'body' | 'contentType'>): AsyncIterable<WatchEvent>;
  /** Told when the server answers again after it did not: whoever waits for it need wait no longer. @returns how to stop */
  onReturn?(listener: () => void): () => void;
  close(): Promise<void>;
}

/** An answer that is no success, in the words of the API server's `Status`. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  /** HTTP status; 0 if no answer came. */
  readonly code: number;
  /** CamelCase: `NotFound`, `Conflict`, `Expired`, `Forbidden`, …; `''` without an answer. */
  readonly reason: string;
  /** Seconds that the server asks to wait (`Retry-After`); 0 if it does not. */
  readonly retryAfter: number;

  constructor(
    message: string,
    facts: { readonly code: number; readonly reason?: string; readonly retryAfter?: number },
  ) {
    super(message);
    this.code = facts.code;
    this.reason = facts.reason ?? '';
    this.retryAfter = facts.retryAfter ?? 0;
  }
}
