/** Control-plane half of OIDC login. */
import { hash } from 'node:crypto';
import { parseDuration } from '../../api/duration.ts';
import type { Problem } from '../../status/problem.ts';
import type { PolicyContext } from '../context.ts';
import { keyName } from '../key-name.ts';
import { isProblems, type Translated, unsupported } from '../translated.ts';
import { addressProblems, translateAuthority } from './endpoint-translate.ts';
import { headerProblems } from './identity-header.ts';
import { identityClaimsOf } from './jwt-translate.ts';
import type { OidcConfig } from './oidc-schema.ts';
import type { OidcSpec } from './oidc-spec.ts';

const HOUR = 3_600_000;
const MIN_KEY = 32;

/** Parameters that the login itself writes: with another `state` or `redirect_uri` it would be somebody else's. */
const OWN = new Set([
  'client_id',
  'client_secret',
  'code_challenge',
  'code_challenge_method',
  'nonce',
  'redirect_uri',
  'request',
  'request_uri',
  'response_mode',
  'response_type',
  'scope',
  'state',
]);

/** @param path where `spec` stands in its object, for messages */
export function translateOidc(spec: OidcSpec, path: string, context: PolicyContext): Translated<OidcConfig> {
  const authority = translateAuthority(spec, path, context);
  const clientSecret = secretOf(spec.clientSecret, `${path}.clientSecret`, 1, context);
  const keys = spec.session.keys.map((key, i) => secretOf(key, `${path}.session.keys[${i}]`, MIN_KEY, context));
  const lifetime = spec.session.lifetime === undefined ? 12 * HOUR : (parseDuration(spec.session.lifetime) ?? Infinity);
  const problems = [
    ...(isProblems(authority) ? authority : []),
    ...[clientSecret, ...keys].flatMap(({ problem }) => problem ?? []),
    ...addressProblems(spec.issuer, `${path}.issuer`),
    ...(spec.algorithms?.length === 0
      ? [unsupported(`${path}.algorithms`, 'allows nothing; name an algorithm, or remove the list')]
      : []),
    ...(keys.length === 0 ? [unsupported(`${path}.session.keys`, 'is empty; name a Secret with 32 random bytes')] : []),
    ...(lifetime > 720 * HOUR || lifetime < 60_000
      ? [unsupported(`${path}.session.lifetime`, `${spec.session.lifetime} is not from 1m to 720h`)]
      : []),
    ...parameterProblems(spec, path),
    ...pathProblems(spec, path),
    ...identityProblems(spec, path),
  ];
  if (problems.length > 0 || isProblems(authority)) return problems;
  return {
    issuer: spec.issuer,
    authority: authority.pem,
    clientId: spec.clientID,
    clientSecret: spec.clientSecret === undefined ? null : clientSecret.id,
    algorithms: spec.algorithms ?? ['RS256', 'ES256'],
    scope: [...new Set(['openid', ...(spec.scopes ?? [])])].join(' '),
    parameters: (spec.parameters ?? []).map(({ name, value }) => [name, value]),
    redirectPath: spec.redirectPath,
    logoutPath: spec.logoutPath,
    afterLogoutPath: spec.afterLogoutPath,
    scheme: spec.externalScheme === undefined ? null : spec.externalScheme === 'HTTPS' ? 'https' : 'http',
    session: {
      keys: keys.map(({ id }) => id),
      cookieName: spec.session.cookieName ?? defaultCookieName(spec),
      lifetime,
      refresh: spec.session.refresh === 'Enabled',
      store: spec.session.store,
    },
    forwardAccessToken: spec.forwardAccessToken,
    idTokenHeader: spec.idTokenHeader ?? '',
    claimToHeaders: spec.claimToHeaders ?? [],
    identity: identityClaimsOf(spec),
  };
}

// Routes of one client share their sessions; those of two clients on one host do not overwrite each other's.
function defaultCookieName({ issuer, clientID }: OidcSpec): string {
  return `session-${hash('sha256', `${issuer} ${clientID}`, 'hex').slice(0, 8)}`;
}

function secretOf(
  ref: OidcSpec['clientSecret'],
  path: string,
  minLength: number,
  context: PolicyContext,
): { readonly id: string; readonly problem?: Problem } {
  if (ref === undefined) return { id: '' };
  const found = context.secret(ref, path);
  if (found.problem !== undefined) return { id: '', problem: found.problem };
  const length = Buffer.byteLength(found.value);
  if (length >= minLength) return { id: found.id };
  const problem = unsupported(
    path,
    `${keyName('Secret', ref, context)} has ${length} bytes; at least ${minLength} are needed: openssl rand -hex 32`,
  );
  return { id: '', problem };
}

function parameterProblems({ parameters = [] }: OidcSpec, path: string): readonly Problem[] {
  return parameters.flatMap(({ name }, i) =>
    OWN.has(name)
      ? [unsupported(`${path}.parameters[${i}].name`, `${name} is written by the gateway itself; remove it`)]
      : [],
  );
}

function pathProblems({ redirectPath, logoutPath, afterLogoutPath }: OidcSpec, path: string): readonly Problem[] {
  return [
    ...(redirectPath === logoutPath
      ? [unsupported(`${path}.logoutPath`, 'is redirectPath as well; choose another path')]
      : []),
    ...(afterLogoutPath === logoutPath
      ? [unsupported(`${path}.afterLogoutPath`, 'is logoutPath itself, which would never end; choose another path')]
      : []),
    // `//host` is another host to a browser; what has dot segments or empty ones never equals a canonical path.
    ...Object.entries({ redirectPath, logoutPath, afterLogoutPath }).flatMap(([name, value]) =>
      /\/\/|\/\.\.?(?:\/|$)/.test(value)
        ? [unsupported(`${path}.${name}`, `${value} has empty or dot segments; write a plain path`)]
        : [],
    ),
  ];
}

function identityProblems({ claimToHeaders = [], idTokenHeader, forwardAccessToken }: OidcSpec, path: string) {
  const headers = [
    ...claimToHeaders.map(({ header }) => header),
    ...(idTokenHeader === undefined ? [] : [idTokenHeader]),
  ];
  return headerProblems(headers, forwardAccessToken ? ['authorization'] : [], (i) =>
    i < claimToHeaders.length ? `${path}.claimToHeaders[${i}].header` : `${path}.idTokenHeader`,
  );
}
