/** Authentication: who is asking. One key, methods by name. */
import type { ApiKeyConfig } from './apikey-schema.ts';
import type { BasicConfig } from './basic-schema.ts';
import type { ClientCertificateConfig } from './clientcert-schema.ts';
import type { ExternalAuthMethodConfig } from './extauth-schema.ts';
import type { IntrospectionConfig } from './introspection-schema.ts';
import type { JwtConfig } from './jwt-schema.ts';
import type { OidcConfig } from './oidc-schema.ts';

export interface AuthenticationConfig {
  /** `Any`: the first method that finds a credential decides. `All`: every method must accept. */
  readonly require: 'Any' | 'All';
  /** No credential passes, a bad one never does. */
  readonly allowAnonymous: boolean;
  readonly methods: readonly MethodConfig[];
}

/** What each method needs in a worker. A new method adds one line here and in `methods.ts`. */
export interface MethodConfigs {
  readonly JWT: JwtConfig;
  readonly OIDC: OidcConfig;
  readonly APIKey: ApiKeyConfig;
  readonly Basic: BasicConfig;
  readonly ClientCertificate: ClientCertificateConfig;
  readonly ExternalAuth: ExternalAuthMethodConfig;
  readonly Introspection: IntrospectionConfig;
}

export type MethodType = keyof MethodConfigs;

export type MethodConfig = {
  readonly [T in MethodType]: { readonly name: string; readonly type: T; readonly config: MethodConfigs[T] };
}[MethodType];
