/** Filter configurations → runtime filters. The data plane's registry; routing calls it once per configuration and worker. */
import type { Filter, FilterConfigs, FilterKind } from '../ir/filter.ts';
import { createAuthentication } from './authentication/filter.ts';
import { createAuthorization } from './authorization/filter.ts';
import { createCompression } from './compression/filter.ts';
import { createCors } from './cors/filter.ts';
import { createCsrf } from './csrf/filter.ts';
import { createDirectResponse } from './directresponse/filter.ts';
import { createExternalAuth } from './externalauth/filter.ts';
import { createIpAccess } from './ipaccess/filter.ts';
import { createMirror } from './mirror/filter.ts';
import { createRedirect } from './redirect/filter.ts';
import { createRequestHeaders } from './requestheaders/filter.ts';
import { createRequestLimits } from './requestlimits/filter.ts';
import { createResponseHeaders } from './responseheaders/filter.ts';
import { createResponseOverrides } from './responseoverrides/filter.ts';
import { createRewrite } from './rewrite/filter.ts';
import type { FilterEnv, RuntimeFilter } from './runtime.ts';
import { createSecurityHeaders } from './securityheaders/filter.ts';
import { shadow } from './shadow.ts';
import { createSignedURLs } from './signedurls/filter.ts';
import { createTransform } from './transform/filter.ts';
import { createValidation } from './validation/filter.ts';

const filters: { readonly [K in FilterKind]: (config: FilterConfigs[K], env: FilterEnv) => RuntimeFilter } = {
  ipAccess: createIpAccess,
  cors: createCors,
  csrf: createCsrf,
  requestLimits: createRequestLimits,
  compression: createCompression,
  signedURLs: createSignedURLs,
  authentication: createAuthentication,
  externalAuth: createExternalAuth,
  authorization: createAuthorization,
  redirect: createRedirect,
  directResponse: createDirectResponse,
  responseOverrides: createResponseOverrides,
  validation: createValidation,
  transform: createTransform,
  requestHeaders: createRequestHeaders,
  rewrite: createRewrite,
  mirror: createMirror,
  responseHeaders: createResponseHeaders,
  securityHeaders: createSecurityHeaders,
};

/** Throws if the configuration cannot be built, which translate should have refused: the rule then fails closed. */
export function createFilter(filter: Filter, env: FilterEnv): RuntimeFilter {
  const built = create(filter.kind, filter.config, env);
  return filter.mode === 'Shadow' ? shadow(built, filter.kind) : { ...built, policy: filter.kind };
}

// One call that types check for every kind at once: `filter.kind` and `filter.config` always belong together.
function create<K extends FilterKind>(kind: K, config: FilterConfigs[K], env: FilterEnv): RuntimeFilter {
  return filters[kind](config, env);
}
