/** External authorization as a method: what a worker needs of it. */
import type { ExternalAuthConfig } from '../../extauth/config.ts';

export interface ExternalAuthMethodConfig {
  readonly check: ExternalAuthConfig;
  /** Where a browser is sent with 401; null: nowhere. */
  readonly signin: SigninConfig | null;
  readonly identity: IdentityFacts;
}

export interface SigninConfig {
  readonly url: string;
  /** Query parameter that says where to go on; absent from `url`. `''`: it is in `url` already. */
  readonly redirectParam: string;
}

/** In which facts of the answer it stands who is asking: header names in lower case, or names of metadata. `''`: nowhere. */
export interface IdentityFacts {
  readonly subject: string;
  readonly tenant: string;
  readonly scopes: string;
  readonly roles: string;
}
