/** The policies a rule can carry. Types only: the IR is JSON and has no code. */
import type { ExternalAuthConfig } from '../extauth/config.ts';
import type { AuthenticationConfig } from '../policy/authentication/schema.ts';
import type { AuthorizationConfig } from '../policy/authorization/schema.ts';
import type { CompressionConfig } from '../policy/compression/schema.ts';
import type { CorsConfig } from '../policy/cors/schema.ts';
import type { CsrfConfig } from '../policy/csrf/schema.ts';
import type { DirectResponseConfig } from '../policy/directresponse/schema.ts';
import type { IpAccessConfig } from '../policy/ipaccess/schema.ts';
import type { MirrorConfig } from '../policy/mirror/schema.ts';
import type { RedirectConfig } from '../policy/redirect/schema.ts';
import type { RequestHeadersConfig } from '../policy/requestheaders/schema.ts';
import type { RequestLimitsConfig } from '../policy/requestlimits/schema.ts';
import type { ResponseHeadersConfig } from '../policy/responseheaders/schema.ts';
import type { ResponseOverridesConfig } from '../policy/responseoverrides/schema.ts';
import type { RewriteConfig } from '../policy/rewrite/schema.ts';
import type { SecurityHeadersConfig } from '../policy/securityheaders/schema.ts';
import type { SignedURLsConfig } from '../policy/signedurls/schema.ts';
import type { TransformConfig } from '../policy/transform/schema.ts';
import type { ValidationConfig } from '../policy/validation/schema.ts';

/** A new policy adds one line here; `order.ts`, `translators.ts` and `filters.ts` fail to compile until they know it. */
export interface FilterConfigs {
  readonly ipAccess: IpAccessConfig;
  readonly cors: CorsConfig;
  readonly csrf: CsrfConfig;
  readonly requestLimits: RequestLimitsConfig;
  readonly compression: CompressionConfig;
  readonly signedURLs: SignedURLsConfig;
  readonly authentication: AuthenticationConfig;
  readonly externalAuth: ExternalAuthConfig;
  readonly authorization: AuthorizationConfig;
  readonly redirect: RedirectConfig;
  readonly directResponse: DirectResponseConfig;
  readonly validation: ValidationConfig;
  readonly transform: TransformConfig;
  readonly requestHeaders: RequestHeadersConfig;
  readonly rewrite: RewriteConfig;
  readonly mirror: MirrorConfig;
  readonly responseHeaders: ResponseHeadersConfig;
  readonly securityHeaders: SecurityHeadersConfig;
  readonly responseOverrides: ResponseOverridesConfig;
}

export type FilterKind = keyof FilterConfigs;

/** One configured filter, tagged by its kind. */
export type Filter = {
  readonly [K in FilterKind]: {
    readonly kind: K;
    readonly config: FilterConfigs[K];
    /** Decides, counts and logs, and lets pass. */
    readonly mode?: 'Shadow';
  };
}[FilterKind];
