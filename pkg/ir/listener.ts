/** Where the gateway listens, and how a connection or request finds its listener. */

import type { ClientAddress, HeaderSettings, ListenerTimeouts } from './settings.ts';

/** One bound address and port. Routing starts here, never from Host alone. */
export interface Socket {
  /** IP address; `*` for every address of the machine, IPv4 and IPv6. */
  readonly address: string;
  /** The port really bound, after `--port-map`. */
  readonly port: number;
  /** What the first bytes are read as. */
  readonly protocol: 'HTTP' | 'HTTPS';
  /**
   * Listener ids in tiers. Within a tier the listener with the most specific hostname for the request takes it, and no other
   * (Gateway API: listener isolation). A later tier is asked only for requests that no route of the earlier tiers matches:
   * the synthetic Gateway of Ingresses behind a real one.
   */
  readonly tiers: readonly (readonly string[])[];
}

/** A listener of a Gateway, or the virtual listener of an Ingress `tls` entry. */
export interface Listener {
  /** `namespace/name` of the Gateway. */
  readonly gateway: string;
  /** Of a ListenerSet's: `namespace/set/listener`. */
  readonly name: string;
  /** The port that users see: the spec's, before `--port-map`. Redirects are built from it. */
  readonly port: number;
  readonly protocol: 'HTTP' | 'HTTPS';
  /** Lower case, no trailing dot: `''` any host, `a.example.com`, or `*.example.com` for one or more labels. */
  readonly hostname: string;
  /** HTTPS only. */
  readonly tls?: ListenerTls;
  readonly client?: ListenerClient;
}

/**
 * What holds for this listener's clients instead of the settings, part by part. Listeners of one plaintext socket share what counts before a
 * Host is read: there the strictest `proxyProtocol`, `underscores` and `timeouts` hold for all, of the Gateway's own listeners if there are any.
 * The same goes for `proxyProtocol` on TLS.
 */
export interface ListenerClient {
  readonly address?: ClientAddress;
  readonly underscores?: HeaderSettings['underscores'];
  readonly timeouts?: Partial<Pick<ListenerTimeouts, 'header' | 'body' | 'idle'>>;
}

export interface ListenerTls {
  /** Ids in `Ir.certificates`; for one name an ECDSA and an RSA certificate may stand side by side. Empty: every handshake is refused. */
  readonly certificates: readonly string[];
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** Suites of TLS 1.2 by OpenSSL's names, the best first; absent: the gateway's own choice. Those of TLS 1.3 are all good and always there. */
  readonly ciphers?: readonly string[];
  /** Absent: no client is asked for a certificate. */
  readonly client?: ClientValidation;
}

/** Certificates of clients (Gateway API: FrontendTLSValidation). */
export interface ClientValidation {
  /** Ids in `Ir.authorities`. None that is there: every handshake is refused. */
  readonly authorities: readonly string[];
  /** Demand: who has no valid certificate is refused in the handshake. Ask: anybody may connect, with whatever certificate or none. */
  readonly mode: 'Demand' | 'Ask';
}

/** `address|port`, the id of a socket. */
export type SocketId = string;
