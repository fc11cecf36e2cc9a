/**
 * What a policy sees of one exchange. It knows neither HTTP/1 bytes nor HPACK: the proxy implements these views over either.
 * Views live as long as the exchange; a filter must not keep one.
 */

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
}

export interface RequestView {
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

  /**
   * Changes what is forwarded. Checked again as any client path is: one that is no clean path ends the exchange with 500.
   * @param path escaped, starts with `/`, without query
   */
  setForwardPath(path: string): void;
  /** Changes the Host that is forwarded. */
  setForwardHost(authority: string): void;
}

export interface ResponseView {
  readonly status: number;
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
  /** Ends the request phase with a local reply; response phases of the filters that ran still apply. */
  respond(response: LocalResponse): void;
  /** Sends a copy of the request to a cluster and drops the answer; never delays or fails this exchange. */
  mirror(cluster: string): void;
}

/** One phase of one filter. A promise makes the proxy wait; everything that can be synchronous is. */
export type Phase = (exchange: Exchange) => void | Promise<void>;

/** Every phase is optional; an absent one costs nothing, because chains are compiled per phase. Arrow-function members only. */
export interface RuntimeFilter {
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
}
