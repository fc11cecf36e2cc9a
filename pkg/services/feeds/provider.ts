/** The document in which an OpenID provider says what it offers (OpenID Connect Discovery 1.0, 4). Used by the feeds `discovery` and `jwks`. */
import type { ProviderMetadata } from '../../policy/feeds.ts';
import { parseOutboundUrl } from '../outbound-url.ts';
import type { LoadDocument } from './documents.ts';

export interface ProviderRequest {
  readonly issuer: string;
  readonly authority: string | null;
  readonly insecure: boolean;
}

const urls = [
  'authorization_endpoint',
  'token_endpoint',
  'userinfo_endpoint',
  'end_session_endpoint',
  'introspection_endpoint',
  'revocation_endpoint',
  'jwks_uri',
] as const satisfies readonly (keyof ProviderMetadata)[];
const lists = [
  'scopes_supported',
  'code_challenge_methods_supported',
  'token_endpoint_auth_methods_supported',
  'id_token_signing_alg_values_supported',
] as const satisfies readonly (keyof ProviderMetadata)[];

/** Rejects with an Error whose message says why. */
export async function loadProvider(
  load: LoadDocument,
  { issuer, authority, insecure }: ProviderRequest,
  signal: AbortSignal,
): Promise<ProviderMetadata> {
  const document = await load({ url: discoveryUrl(issuer), authority, insecure }, signal);
  const members = (typeof document === 'object' ? document : null) as Readonly<Record<string, unknown>> | null;
  // "The issuer value returned MUST be identical to the Issuer URL that was used as the prefix to /.well-known/openid-configuration".
  if (members?.['issuer'] !== issuer)
    throw new Error(`the discovery document names another issuer than ${issuer}, which must be spelled as there`);
  const endpoints = urls.flatMap((name) => {
    const value = members[name];
    if (value === undefined) return [];
    const why = typeof value === 'string' ? parseOutboundUrl(value, insecure) : 'it is no string';
    if (typeof why === 'string') throw new Error(`${name} in the discovery document of ${issuer} is not used: ${why}`);
    return [[name, value]];
  });
  const offers = lists.flatMap((name) => {
    const value = members[name];
    return Array.isArray(value) ? [[name, value.filter((each) => typeof each === 'string')]] : [];
  });
  return { issuer, ...Object.fromEntries([...endpoints, ...offers]) };
}

/** "If the Issuer value contains a path component, any terminating / MUST be removed before appending /.well-known/openid-configuration." */
function discoveryUrl(issuer: string): string {
  if (/[?#]/.test(issuer)) throw new Error(`the issuer ${issuer} has a query or fragment, which none may have`);
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}
