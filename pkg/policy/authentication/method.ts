/** One way to tell who is asking. */
import type { Identity } from '../identity.ts';
import type { Exchange } from '../runtime.ts';

/** Built once per configuration. */
export interface Method {
  readonly name: string;
  /** A promise only where something has to be waited for: what is cached is answered at once. */
  authenticate(exchange: Exchange): Outcome | Promise<Outcome>;
  /** After the whole policy accepted: headers for the backend, credentials stripped. */
  accepted?(exchange: Exchange, identity: Identity): void;
  close?(): void;
}

export type Outcome =
  /** The request carries no credential of this kind; `challenge` is what WWW-Authenticate says then, `''` for none. */
  | { readonly kind: 'absent'; readonly challenge: string }
  /** 401. */
  | { readonly kind: 'refused'; readonly challenge: string }
  /** 403: known, but not allowed. */
  | { readonly kind: 'forbidden'; readonly challenge: string }
  /** 503: keys, Redis or a service that decides is not there. */
  | { readonly kind: 'unavailable' }
  /** The method answered the client itself (a login redirect, an answer of an authorization service). */
  | { readonly kind: 'answered' }
  | { readonly kind: 'accepted'; readonly identity: Identity };
