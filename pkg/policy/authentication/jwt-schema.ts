/** JWT: what a worker needs of it. */
import type { JwksFeed } from '../feeds.ts';
import type { ClaimHeader } from './claim-header.ts';
import type { Algorithm } from './jwt-algorithm.ts';
import type { PublicJwk } from './jwt-key.ts';

export interface JwtConfig {
  readonly rules: ClaimRules;
  readonly algorithms: readonly Algorithm[];
  readonly keys: KeysConfig;
  /** Id in `Ir.secrets`; null: no HS algorithm is allowed. */
  readonly sharedSecret: string | null;
  readonly locations: TokenLocations;
  /** Whether the backend sees the token. */
  readonly forward: 'Keep' | 'Strip';
  readonly claimToHeaders: readonly ClaimHeader[];
  readonly identity: IdentityClaims;
}

/** What a token must say. */
export interface ClaimRules {
  /** Compared with `iss`; `''` accepts any. */
  readonly issuer: string;
  /** `[]` accepts any. */
  readonly audiences: readonly string[];
  /** Milliseconds. */
  readonly clockSkew: number;
  readonly expirationRequired: boolean;
  /** As `mediaType` gives them; `''` is no `typ`. */
  readonly types: readonly string[];
  /** `values` null: whatever the value is. */
  readonly required: readonly { readonly claim: string; readonly values: readonly string[] | null }[];
}

export type KeysConfig =
  /** Kept fresh by the services thread. */
  { readonly kind: 'feed'; readonly feed: JwksFeed } | { readonly kind: 'fixed'; readonly keys: readonly PublicJwk[] };

/** Where a token is looked for, in this order. */
export interface TokenLocations {
  /** Lower case. */
  readonly headers: readonly { readonly name: string; readonly prefix: string }[];
  readonly cookies: readonly string[];
  readonly params: readonly string[];
  /** What stands before the token in a WebSocket subprotocol; `''`: not looked for. */
  readonly webSocketPrefix: string;
}

/** Names of claims; `''` for none. */
export interface IdentityClaims {
  readonly subject: string;
  readonly tenant: string;
  /** The first that a token has. */
  readonly scopes: readonly string[];
  readonly roles: string;
}
