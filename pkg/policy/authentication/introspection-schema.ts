/** Token introspection: what a worker needs of it. */
import type { ClaimHeader } from './claim-header.ts';
import type { Endpoint } from './endpoint-schema.ts';
import type { TokenLocations } from './jwt-schema.ts';

export interface IntrospectionConfig {
  readonly endpoint: Endpoint;
  readonly clientId: string;
  /** Id in `Ir.secrets`. */
  readonly clientSecret: string;
  readonly locations: TokenLocations;
  /** Whether the backend sees the token. */
  readonly forward: 'Keep' | 'Strip';
  /** Compared with `iss`; `''` accepts any. */
  readonly issuer: string;
  /** One of these must be in `aud`; `[]` accepts any. */
  readonly audiences: readonly string[];
  /** Every one of them. */
  readonly requiredScopes: readonly string[];
  readonly claimToHeaders: readonly ClaimHeader[];
  /** Milliseconds that an answer is used at most. */
  readonly cacheDuration: number;
  /** Milliseconds. */
  readonly timeout: number;
}
