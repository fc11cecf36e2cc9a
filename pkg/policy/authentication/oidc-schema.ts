/** OIDC login: what a worker needs of it. */
import type { ClaimHeader } from './claim-header.ts';
import type { AsymmetricAlgorithm } from './jwt-algorithm.ts';
import type { IdentityClaims } from './jwt-schema.ts';

export interface OidcConfig {
  readonly issuer: string;
  /** PEM; null for the CAs of the system. */
  readonly authority: string | null;
  readonly clientId: string;
  /** Id in `Ir.secrets`; null: a public client. */
  readonly clientSecret: string | null;
  readonly algorithms: readonly AsymmetricAlgorithm[];
  /** With spaces between. */
  readonly scope: string;
  readonly parameters: readonly (readonly [name: string, value: string])[];
  readonly redirectPath: string;
  readonly logoutPath: string;
  readonly afterLogoutPath: string;
  /** null: that of the request. */
  readonly scheme: 'http' | 'https' | null;
  readonly session: SessionConfig;
  readonly forwardAccessToken: boolean;
  /** `''`: none. */
  readonly idTokenHeader: string;
  readonly claimToHeaders: readonly ClaimHeader[];
  readonly identity: IdentityClaims;
}

export interface SessionConfig {
  /** Ids in `Ir.secrets`; the first encrypts. */
  readonly keys: readonly string[];
  /** Without `__Host-`. */
  readonly cookieName: string;
  /** Milliseconds. */
  readonly lifetime: number;
  readonly refresh: boolean;
  readonly store: 'Cookie' | 'Redis';
}
