/** One way to tell who is asking. */
import type { Identity } from '../identity.ts';
import type { Exchange } from '../runtime.ts';

/** Built once per configuration. */
export interface Method {
  readonly name: string;
  /**
   * Takes out of a request what only the gateway may say: the headers that this method gives to the backend. Called of every method before
   * any is asked: a method that is never reached, or an anonymous request, must not let a client speak in its name.
   */
  cleanse?(exchange: Exchange): void;
  /** A promise only where something has to be waited for: what is cached is answered at once. */
  authenticate(exchange: Exchange): Outcome | Promise<Outcome>;
  /** After the whole policy accepted: headers for the backend, credentials stripped. */
  accepted?(exchange: Exchange, identity: Identity): void;
  /**
   * The policy accepted before this method was asked: takes out what it would have judged, unless that is the very credential that was
   * accepted. A backend could take it for verified.
   * @param credential that was accepted; `''` if its method does not say
   */
  discard?(exchange: Exchange, credential: string): void;
  /**
   * The request showed no credential and is about to be refused with 401: may send the client to where it gets one.
   * `absent`: not this client.
   */
  login?(exchange: Exchange): Outcome | Promise<Outcome>;
  /** Of every answer to a request that the policy has seen, the gateway's own too. `exchange.identity` tells whose it is. */
  responded?(exchange: Exchange): void;
  close?(): void;
}

export type Outcome =
  /** The request carries no credential of this kind; `challenge` is what WWW-Authenticate says then, `''` for none. */
  | { readonly kind: 'absent'; readonly challenge: string }
  /**
   * There is a credential that another method may know (another issuer's, another format), and that this one does not accept. Those
   * behind are asked; where none of them accepts this credential it is 401, whatever else the request shows.
   */
  | { readonly kind: 'foreign'; readonly challenge: string; readonly credential: string }
  /** 401. */
  | { readonly kind: 'refused'; readonly challenge: string }
  /** 403: known, but not allowed. */
  | { readonly kind: 'forbidden'; readonly challenge: string }
  /** 503: keys, Redis or a service that decides is not there. */
  | { readonly kind: 'unavailable' }
  /** The method answered the client itself (a login redirect, an answer of an authorization service). */
  | { readonly kind: 'answered' }
  /** `credential`: as it was sent, from methods that share their place with others (bearer tokens). */
  | { readonly kind: 'accepted'; readonly identity: Identity; readonly credential?: string };
