/**
 * What a policy sees of one exchange. It knows neither HTTP/1 bytes nor HPACK: the proxy implements these views over either.
 * Views live as long as the exchange; a filter must not keep one.
 */

import type { DescMethodUnary, Message } from '@bufbuild/protobuf';
import type { Answers, Feed, FeedKind, FeedValues, Question, QuestionKind } from './feeds.ts';
import type { Identity } from './identity.ts';
import type { PreparedFields } from './prepared-fields.ts';

/** Header fields. Names are given in lower case and compared without case; the case that was received is kept on the wire. */
export interface HeaderView {
  /** All values of the name, joined with `, ` (Cookie: `; `); undefined if there is none. */
  get(name: string): string | undefined;
  has(name: string): boolean;
  /** Replaces every value. `name` is written as given. Throws a RangeError on bytes that no field value may hold. */
  set(name: string, value: string): void;
  /** Appends one more field line. */
  add(name: string, value: string): void;
  remove(name: string): void;
  /** Sets all of them, at little more than the cost of one. */
  setAll(fields: PreparedFields): void;
  /** The same of those whose name is not there. */
  fillIn(fields: PreparedFields): void;
  /** Every field line, names in lower case. Made on each call. */
  lines(): readonly (readonly [name: string, value: string])[];
}

export interface RequestView {
  /** A cookie's value, without the quotes around it; undefined if there is none of that name. */
  cookie(name: string): string | undefined;
  /** The first value of a query parameter, decoded once. */
  queryParam(name: string): string | undefined;
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** Lower case, without port and trailing dot: what routing compared. */
  readonly host: string;
  /** Port from Host (or the absolute-form target); 0 if it names none. */
  readonly hostPort: number;
  /** The port of the listener, as its spec says. */
  readonly listenerPort: number;
  /** The canonical path that was matched: decoded once, dot segments gone, slashes merged. */
  readonly path: string;
  /** What will be forwarded: path in its escaped form, without the query. */
  readonly forwardPath: string;
  /** With the question mark, as received; `''` if there is none. */
  readonly query: string;
  readonly headers: HeaderView;
  /** IP address of the client, after trusted proxies were taken off. */
  readonly clientAddress: string;
  /** What logs, answers and backends name this request by (`X-Request-Id`): that of a trusted proxy, or one of our own. */
  readonly requestId: string;
  /** Whether content follows the head. */
  readonly hasBody: boolean;
  /** How large what the client sent is. */
  measure(what: Measure): number;

  /**
   * Changes what is forwarded. Checked again as any client path is: one that is no clean path ends the exchange with 500.
   * @param path escaped, starts with `/`, without query
   */
  setForwardPath(path: string): void;
  /** Changes the Host that is forwarded: `host` or `host:port`. Throws a RangeError on anything else. */
  setForwardHost(authority: string): void;
  /** Replaces the query that is forwarded; `query` stays. Throws a RangeError on what no URI may hold. @param query `''`, or with the question mark */
  setForwardQuery(query: string): void;
  /** The query that will be forwarded: another than `query` where a policy took a credential out of it. */
  readonly forwardQuery: string;
  /**
   * Changes the method that is forwarded; `method` stays. A token (RFC 9110 9.1); HEAD, CONNECT and TRACE neither become another nor does another
   * become one of them, since they say how messages are framed: a RangeError.
   */
  setForwardMethod(method: string): void;

  /**
   * The whole body, kept in memory: for what has to be seen before anything is forwarded. In the request phase only; several filters may read
   * one after the other. Nothing goes upstream until the phases are through; the body is then sent from memory, with its trailers.
   * Rejects when the request ends before its body does. The bytes must not be changed.
   * @param limit bytes; a longer body gives null and is left as it was, to be forwarded or refused
   */
  readBody(limit: number): Promise<Uint8Array | null>;
  /**
   * The largest body that is let through, in bytes: the smallest of all that were asked for. One that turns out longer while it comes is cut off
   * with 413, or with the connection where an answer is under way.
   * @returns false for one that says itself that it is longer, which is the filter's to refuse
   */
  limitBody(limit: number): boolean;
  /**
   * Lets a guard see every part of the body before it goes further: to who reads it, or upstream. Once it has refused nothing goes on, and the
   * answer is its refusal, or a broken connection where an answer is under way.
   * @returns what it says of a body that was read already, all of it or in part, which the filter has to wait for; null where none was
   */
  guardBody(guard: BodyGuard): Promise<DenialCode | null> | null;
  /**
   * Replaces the body after `readBody` has given it whole. Content-Length takes the place of any Transfer-Encoding, trailers are dropped;
   * what else depends on the bytes (Content-Encoding, Content-Type, Content-Digest, Digest, Content-MD5) is the filter's to change.
   * @param bytes the proxy's from now on
   */
  setBody(bytes: Uint8Array): void;
}

/** Looks at a request's body while it goes by. */
export interface BodyGuard {
  /**
   * One call at a time, in order; the client waits meanwhile. A rejection ends the exchange with 500.
   * @param last no more follows
   * @returns null to let it through
   */
  data(bytes: Uint8Array, last: boolean): Promise<DenialCode | null>;
  /** The exchange is over, or goes on without it. */
  close(): void;
}

/** `head`: its bytes as they came, start line and all. `target`: bytes of the request target. `fields`: number of header lines. */
export type Measure = 'head' | 'target' | 'fields';

/** What is known of the client's connection, whatever the request says. */
export interface ConnectionView {
  /** IP address of the peer: the client, or the last proxy before us. */
  readonly address: string;
  /** SNI; null on plaintext. */
  readonly servername: string | null;
  /** What the handshake agreed on; null on plaintext. */
  readonly tls: TlsView | null;
  /** The client's certificate, verified in the handshake; null without one. */
  readonly clientCertificate: ClientCertificate | null;
}

export interface TlsView {
  /** `TLSv1.3`. */
  readonly protocol: string;
  /** IANA's name, `TLS_AES_128_GCM_SHA256`. */
  readonly cipher: string;
}

export interface ClientCertificate {
  /** DER of the leaf. */
  readonly raw: Uint8Array;
  /** RFC 4514, `CN=a,O=b`. */
  readonly subject: string;
  readonly issuer: string;
  readonly dnsNames: readonly string[];
  /** URIs, SPIFFE IDs among them. */
  readonly uris: readonly string[];
  readonly emails: readonly string[];
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string;
  /** Hex, upper case. */
  readonly serialNumber: string;
}

export interface ResponseView {
  readonly status: number;
  /** Changes the status; the body stays. Throws a RangeError on 1xx, and where one of both is 204 or 304: those have no body. */
  setStatus(status: number): void;
  readonly headers: HeaderView;
}

/** An answer that the gateway gives itself. */
export interface LocalResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export interface Exchange {
  readonly request: RequestView;
  /** Only in response phases. */
  readonly response: ResponseView;
  /** The match that was taken; `pathPrefix` is what a ReplacePrefixMatch replaces, `''` if the path match was no prefix. */
  readonly matchedPrefix: string;
  readonly connection: ConnectionView;
  /** Who is asking; null until `authentication` has said so, and for anonymous requests. Later policies, logs and metrics read it. */
  identity: Identity | null;
  /** What WWW-Authenticate says where a later policy asks who it is: challenges of the `authentication` that let an anonymous request pass; `''` without. */
  challenge: string;
  /** Whether the answer is the gateway's own: of a policy, or an error. Settled in response phases. */
  readonly answered: boolean;
  /** Ends the request phase with a local reply; the response phases of the whole rule still apply. Throws in a response phase. */
  respond(response: LocalResponse): void;
  /**
   * Refuses the request in the gateway's own words (problem details with `code`), so that logs, metrics and clients see the same reason.
   * @param headers e.g. WWW-Authenticate, Retry-After
   * @param errors what is wrong with the request, for the client's machine; no value that it sent
   */
  deny(code: DenialCode, headers?: Readonly<Record<string, string>>, errors?: readonly FieldError[]): void;
  /**
   * In the response phase of a backend's answer: answers with this instead, whatever the backend's head and body were. Of a local reply it
   * replaces status and body; its fields stay unless they are named here. Transforms that were added before are closed unused.
   */
  replaceResponse(response: LocalResponse): void;
  /**
   * In the response phase: the body passes through this on its way to the client. The proxy drops Content-Length and trailers; ETag,
   * Accept-Ranges, Content-Digest and what else depends on the bytes is the filter's to change. Transforms of several filters apply in the
   * order in which they were added. Answers without a body (to HEAD, 204, 304) are not transformed: only `close` is called.
   */
  transformBody(transform: BodyTransform): void;
  /** Sends a copy of the request to a cluster and drops the answer; never delays or fails this exchange. */
  mirror(cluster: string): void;
  /** Aborted when the exchange ends, or goes on without the filter: for what it asks others (`Call.signal`). */
  readonly signal: AbortSignal;
  /** What is decided is not done (`shadow.ts`): what outlives the exchange, such as a session, must not be changed, either. */
  readonly shadow: boolean;
  /** For shadow mode alone (`shadow.ts`). The same for every policy of the exchange. */
  observe(): Observer;
}

/** What is told of an exchange to policies in shadow mode, and what they tell. May be used when the exchange is over. */
export interface Observer {
  /** Whom an authentication in shadow mode has found; undefined if there was none. */
  identity: Identity | null | undefined;
  /** What it would ask for; undefined if it asks for nothing. */
  challenge: string | undefined;
  /** The last policy that still thinks. Never rejects. */
  pending: Promise<void> | null;
  /** The view of each filter, by whatever it is known by. */
  readonly views: Map<object, Exchange>;
  /** A copy of what stands there now; throws when the exchange is over. */
  request(): RequestView;
  response(): ResponseView;
  /**
   * The body, collected as it goes by; nobody waits for it.
   * Rejects if a part of it has gone by already, and when the exchange ends before it.
   * @param limit bytes; a longer body gives null
   */
  body(limit: number): Promise<Uint8Array | null>;
  /**
   * Decides `body-too-large` for the policy if the body turns out longer.
   * @returns false for one that says itself that it is longer
   */
  limitBody(limit: number, policy: string): boolean;
  /** Counts what the policy would have done; in the log too, unless its line is written. */
  decision(policy: string, decision: 'denied' | 'error', code: string): void;
  /** The policy has thrown. */
  fault(policy: string, error: unknown): void;
}

export interface FieldError {
  /** JSON Pointer (RFC 6901) into the body; `''` is all of it. */
  readonly path: string;
  readonly message: string;
}

/** Why a policy refuses; each is an `ErrorCode` of the proxy with its status. */
export type DenialCode =
  /** 401: no credential, or a bad one. */
  | 'unauthenticated'
  /** 403 */
  | 'forbidden'
  /** 403: client address or country. */
  | 'address-denied'
  /** 403: CSRF. */
  | 'origin-denied'
  /** 403: signed URLs. */
  | 'signature-invalid'
  /** 400: validation. */
  | 'request-invalid'
  /** 413 */
  | 'body-too-large'
  /** 405, with Allow. */
  | 'method-denied'
  /** 415 */
  | 'media-type-denied'
  /** 431 */
  | 'headers-too-large'
  /** 414 */
  | 'uri-too-long'
  /** 503: what the decision needs (keys, Redis, an authorization service) is not there. */
  | 'policy-unavailable'
  /** 500: a policy that could not be built or evaluated. */
  | 'policy-invalid';

/**
 * Bytes of a response body on their way. Each call may emit any number of times, at once or later, in order. A call that returns a promise
 * gets nothing more until that is done, and the backend waits: who works later must return one, or nothing bounds what it holds.
 * A throw or a rejection breaks the response off.
 */
export interface BodyTransform {
  /** @param bytes valid until the call returns only, promise or not */
  data(bytes: Uint8Array, sink: BodySink): void | Promise<void>;
  /** No more data; the sink's `end` has to be called, now or later. */
  end(sink: BodySink): void | Promise<void>;
  /** The exchange is over, whatever had been emitted. Called once. */
  close(): void;
}

export interface BodySink {
  /** @param bytes copied before it returns */
  data(bytes: Uint8Array): void;
  /** null unless the client is slow: then who makes much out of little (a decoder) waits for this before it emits more. */
  drained(): Promise<void> | null;
  end(): void;
  /** The response cannot be completed: the client sees a broken one. */
  fail(): void;
}

/** One phase of one filter. A promise makes the proxy wait; everything that can be synchronous is. */
export type Phase = (exchange: Exchange) => void | Promise<void>;

/** Every phase is optional; an absent one costs nothing, because chains are compiled per phase. Arrow-function members only. */
export interface RuntimeFilter {
  /** Its key, for metrics; `createFilter` sets it. */
  readonly policy?: string;
  /** Before a backend is chosen. Once one called `respond`, later ones do not run. */
  readonly onRequest?: Phase;
  /** In reverse order; for local replies too. */
  readonly onResponse?: Phase;
  /** When no table refers to it any more. */
  close?(): void;
}

/** What a filter may ask of the worker it runs in. */
export interface FilterEnv {
  /** 0 ≤ x < 1. */
  random(): number;
  /** Milliseconds, monotonic. */
  now(): number;
  /** Milliseconds since the epoch. */
  wallClock(): number;
  /**
   * Tells of a computed value that was left out; counted, and the first of each place logged.
   * @param place where it was to stand, as the configuration has it: `request header X-User`
   * @param reason `failed`: its expression gave none; `invalid`: it may not stand there
   */
  dropped(place: string, reason: 'failed' | 'invalid'): void;
  /** Value of an entry of `Ir.secrets`. Throws if there is none: the filter cannot be built, and its rules fail closed. */
  secret(id: string): string;
  /**
   * Sends a request of the gateway's own to a cluster and takes the whole answer. Obeys balancing, limits and the egress guard; only what no
   * server has seen is sent again. Rejects with an Error whose `code` is the proxy's (`no-endpoint`, `connect-failed`, `upstream-timeout`, …;
   * `upstream-invalid` for an answer that is too long, `client-closed` when its signal has given it up).
   */
  call(request: Call): Promise<CallResponse>;
  /**
   * Calls a method of a gRPC service (over HTTP/2) at a cluster. Obeys balancing and the egress guard; only what no server has seen is sent
   * again. Rejects with an Error whose `code` is the proxy's; a status of gRPC other than OK is `upstream-invalid`.
   */
  unary(call: UnaryCall): Promise<Message>;
  readonly services: FilterServices;
}

export interface UnaryCall {
  /** Id in `Ir.clusters`. */
  readonly cluster: string;
  readonly method: DescMethodUnary;
  /** Of the method's input. */
  readonly message: Message;
  /** Milliseconds for all of it. */
  readonly timeout: number;
  /** Gives the call up, as a rule `Exchange.signal`. */
  readonly signal?: AbortSignal;
}

export interface Call {
  /** Id in `Ir.clusters`. */
  readonly cluster: string;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly authority: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Milliseconds for all of it. */
  readonly timeout: number;
  /** Bytes of the answer's body; a longer one rejects. */
  readonly maxBody: number;
  /** Gives the call up, as a rule `Exchange.signal`. */
  readonly signal?: AbortSignal;
}

export interface CallResponse {
  readonly status: number;
  /** Names in lower case; Set-Cookie stays a list. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Uint8Array;
}

/** What the pod does once, in the services thread; see `feeds.ts`. */
export interface FilterServices {
  /**
   * A value that the services thread keeps fresh: keys, discovery documents, databases. Equal feeds are one.
   * @param changed called with each new value, never from within `watch`
   */
  watch<K extends FeedKind>(feed: Feed<K>, changed?: (value: FeedValues[K]) => void): Watch<FeedValues[K]>;
  /** One question, one answer. Rejects with an Error whose `code` is an `AskFailure`: at once if the services thread is gone, at the latest after `timeout` milliseconds. */
  ask<K extends QuestionKind>(question: Question<K>, timeout: number): Promise<Answers[K]>;
}

export interface Watch<T> {
  /** undefined until the first value. */
  readonly value: T | undefined;
  /** Resolves with the first value, or at once; rejects when `timeout` milliseconds are over. Also when it was closed before, or is meanwhile. */
  first(timeout: number): Promise<T>;
  close(): void;
}
