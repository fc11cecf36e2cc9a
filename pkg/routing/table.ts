/** The compiled IR: what a worker asks for each connection and request. Immutable; a new one shares every part that did not change. */
import type { Listener, Socket } from '../ir/listener.ts';
import type { Action, Retry, Route, Timeouts } from '../ir/route.ts';
import type { Settings } from '../ir/settings.ts';
import type { Phase } from '../policy/runtime.ts';
import type { CompiledMatch } from './match.ts';

export interface RoutingTable {
  /** Version of the IR this was compiled from. */
  readonly version: number;
  readonly settings: Settings;
  /** By socket id. */
  readonly sockets: ReadonlyMap<string, SocketTable>;
}

export interface SocketTable {
  readonly socket: Socket;
  /** Of all tiers. */
  readonly listeners: readonly Listener[];
  /**
   * Whose certificate a ClientHello gets: the most specific listener for the name over all tiers; of equals, that of the earlier tier.
   * @param servername lower case without trailing dot; `''` without SNI
   */
  listenerForName(servername: string): Listener | undefined;
  /**
   * The match whose rule serves a request; undefined is 404.
   * @param servername of the TLS connection, null on plaintext. Where another listener would take `host` than took `servername`,
   *   the answer is `Misdirected` (421; Gateway API, HTTPRouteHTTPSListenerDetectMisdirectedRequests).
   */
  match(request: MatchInput, servername: string | null): CompiledMatch | Misdirected | undefined;
  /** The rule of that match. */
  find(request: MatchInput, servername: string | null): RuntimeRule | Misdirected | undefined;
}

export const Misdirected = 'misdirected';
export type Misdirected = typeof Misdirected;

/** What matching reads of a request. The proxy's exchange implements it; everything behind a method is made only when asked for. */
export interface MatchInput {
  readonly method: string;
  /** Lower case, without port and trailing dot. */
  readonly host: string;
  /** Canonical path. */
  readonly path: string;
  /** All values joined with `, `; undefined if there is none. `name` in lower case. */
  header(name: string): string | undefined;
  /** First value, percent-decoded; undefined if there is none. */
  queryParam(name: string): string | undefined;
  cookie(name: string): string | undefined;
}

/** One rule, compiled. The same instance as long as its route did not change. */
export interface RuntimeRule extends PolicyNames {
  readonly route: Route;
  /** `Kind/namespace/name`. */
  readonly routeId: string;
  /** As it was when the rule was compiled: its `tls` may have changed since. */
  readonly listener: Listener;
  readonly index: number;
  readonly action: Action;
  readonly timeouts: Timeouts;
  readonly retry: Retry | undefined;
  /** The prefix of the match, `''` if its path is no prefix. Of the first match that fits. */
  readonly matchedPrefix: string;
  /** null if no filter uses the phase. */
  readonly onRequest: readonly Phase[] | null;
  /** Already reversed. */
  readonly onResponse: readonly Phase[] | null;
  /** Beside `action.backends`, by index; null if no backend has filters of its own. */
  readonly backends: readonly BackendChain[] | null;
  /** For what the proxy wants to keep per rule (metric rows, a balancer): set once, by the proxy. */
  attached: unknown;
}

export interface BackendChain extends PolicyNames {
  readonly onRequest: readonly Phase[] | null;
  readonly onResponse: readonly Phase[] | null;
}

/** Keys of the policies whose phases stand at the same places; `''` for a filter that is none. */
export interface PolicyNames {
  readonly requestPolicies: readonly string[];
  readonly responsePolicies: readonly string[];
}
