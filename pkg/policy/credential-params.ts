/** Query parameters that hold what nobody else may see, so that no log holds them either. */
import type { Filter } from '../ir/filter.ts';
import type { MethodConfig } from './authentication/schema.ts';
import { SignatureParam } from './signedurls/canonical.ts';

/**
 * Whatever is configured: a policy that failed to build takes no credential, and its clients go on sending them.
 * RFC 6750 2.3: "Because of the security weaknesses associated with the URI method […], including the high likelihood that the URL
 * containing the access token will be logged, it SHOULD NOT be used".
 */
const always = ['access_token', SignatureParam];

/** Of every route: a client may show its credential to a wrong one. Sorted, each once. */
export function credentialParams(filters: Iterable<Filter>): readonly string[] {
  const names = new Set(always);
  for (const filter of filters) {
    if (filter.kind !== 'authentication') continue;
    for (const method of filter.config.methods) for (const name of paramsOf(method)) names.add(name);
  }
  return [...names].sort();
}

function paramsOf(method: MethodConfig): readonly string[] {
  switch (method.type) {
    case 'JWT':
    case 'APIKey':
    case 'Introspection':
      return method.config.locations.params;
    // Basic and ClientCertificate read none; ExternalAuth hands on what the client sent, whatever that is; what OIDC finds in the query of
    // `redirectPath` is good once, and only together with its cookie.
    case 'Basic':
    case 'ClientCertificate':
    case 'ExternalAuth':
    case 'OIDC':
      return [];
    default:
      return method satisfies never;
  }
}
