/** Control-plane half of JWT: checks what the schema cannot say, and resolves references. */
import { parseDuration } from '../../api/duration.ts';
import type { Problem } from '../../status/problem.ts';
import type { PolicyContext } from '../context.ts';
import { keyName } from '../key-name.ts';
import { isProblems, type Translated, unsupported } from '../translated.ts';
import { identityHeaderProblems, locationsOf } from './credential-translate.ts';
import { type Algorithm, isSymmetric, symmetric } from './jwt-algorithm.ts';
import { translateKeys } from './jwt-keys-translate.ts';
import type { IdentityClaims, JwtConfig, TokenLocations } from './jwt-schema.ts';
import type { JwtSpec } from './jwt-spec.ts';
import { mediaType } from './jwt-token.ts';

const MAX_SKEW = 5 * 60_000;
export const DEFAULT_SKEW = 30_000;
/** Without `types`. Tokens with another purpose (`logout+jwt`, `dpop+jwt`) say so in `typ` and are no credentials (RFC 8725 3.11). */
export const DEFAULT_TYPES = ['', 'jwt', 'at+jwt'];

/** @param path where `spec` stands in its object, for messages */
export function translateJwt(spec: JwtSpec, path: string, context: PolicyContext): Translated<JwtConfig> {
  const keys = translateKeys(spec, path, context);
  const algorithms = spec.algorithms ?? defaultAlgorithms(spec);
  const secret = sharedSecret(spec, algorithms, path, context);
  const clockSkew = spec.clockSkew === undefined ? DEFAULT_SKEW : (parseDuration(spec.clockSkew) ?? Infinity);
  const locations = tokenLocations(spec);
  const problems = [
    ...(isProblems(keys) ? keys : []),
    ...secret.problems,
    ...(clockSkew > MAX_SKEW
      ? [unsupported(`${path}.clockSkew`, `${spec.clockSkew} is too much; write at most 5m`)]
      : []),
    ...algorithmProblems(spec, algorithms, path),
    ...(isNowhere(locations)
      ? [unsupported(`${path}.extractFrom`, 'names no place for the token; name one, or remove extractFrom')]
      : []),
    ...identityHeaderProblems(spec.claimToHeaders ?? [], locations, path),
  ];
  if (problems.length > 0 || isProblems(keys)) return problems;
  return {
    rules: {
      issuer: spec.issuer ?? '',
      audiences: spec.audiences ?? [],
      clockSkew,
      expirationRequired: spec.expiration === 'Required',
      types: spec.types?.map(mediaType) ?? DEFAULT_TYPES,
      required: (spec.requiredClaims ?? []).map(({ claim, values }) => ({ claim, values: values ?? null })),
    },
    algorithms,
    keys,
    sharedSecret: secret.id,
    locations,
    forward: spec.forward,
    claimToHeaders: spec.claimToHeaders ?? [],
    identity: identityClaimsOf(spec),
  };
}

export function identityClaimsOf(
  spec: Pick<JwtSpec, 'subjectClaim' | 'tenantClaim' | 'scopesClaim' | 'rolesClaim'>,
): IdentityClaims {
  return {
    subject: spec.subjectClaim ?? 'sub',
    tenant: spec.tenantClaim ?? '',
    scopes: spec.scopesClaim === undefined ? ['scope', 'scp'] : [spec.scopesClaim],
    roles: spec.rolesClaim ?? 'roles',
  };
}

function hasKeySet(spec: JwtSpec): boolean {
  return spec.remoteJWKS !== undefined || spec.discovery !== undefined || spec.localJWKS !== undefined;
}

function defaultAlgorithms(spec: JwtSpec): readonly Algorithm[] {
  return [
    ...(hasKeySet(spec) ? (['RS256', 'ES256'] as const) : []),
    ...(spec.sharedSecret === undefined ? [] : (['HS256'] as const)),
  ];
}

// An algorithm without its kind of key would refuse every token; and one list must say both what is meant and what is possible.
function algorithmProblems(spec: JwtSpec, algorithms: readonly Algorithm[], path: string): readonly Problem[] {
  const at = `${path}.algorithms`;
  const hs = algorithms.filter(isSymmetric);
  const others = algorithms.filter((algorithm) => !isSymmetric(algorithm));
  if (algorithms.length === 0 && spec.algorithms === undefined) return [];
  if (algorithms.length === 0) return [unsupported(at, 'allows nothing; name an algorithm, or remove the list')];
  if (hs.length > 0 && spec.sharedSecret === undefined)
    return [unsupported(at, `${hs.join(', ')} needs sharedSecret; add it, or remove the algorithm`)];
  if (hs.length === 0 && spec.sharedSecret !== undefined)
    return [
      unsupported(at, 'allows no HS algorithm, so sharedSecret is never used; add HS256, or remove sharedSecret'),
    ];
  if (others.length > 0 && !hasKeySet(spec))
    return [unsupported(at, `${others.join(', ')} needs public keys; add remoteJWKS, discovery or localJWKS`)];
  if (others.length === 0 && hasKeySet(spec))
    return [
      unsupported(at, 'allows HS algorithms alone, so the key set is never used; add its algorithm, or remove it'),
    ];
  return [];
}

function sharedSecret(
  spec: JwtSpec,
  algorithms: readonly Algorithm[],
  path: string,
  context: PolicyContext,
): { readonly id: string | null; readonly problems: readonly Problem[] } {
  if (spec.sharedSecret === undefined) return { id: null, problems: [] };
  const at = `${path}.sharedSecret`;
  const found = context.secret(spec.sharedSecret, at);
  if (found.problem !== undefined) return { id: null, problems: [found.problem] };
  const needed = Math.max(0, ...algorithms.filter(isSymmetric).map((algorithm) => symmetric[algorithm]));
  const length = Buffer.byteLength(found.value);
  if (length >= needed) return { id: found.id, problems: [] };
  const message = `${keyName('Secret', spec.sharedSecret, context)} has ${length} bytes; ${needed} are needed (RFC 7518 3.2): openssl rand -hex ${needed}`;
  return { id: null, problems: [unsupported(at, message)] };
}

function tokenLocations({ extractFrom }: JwtSpec): TokenLocations {
  const webSocketPrefix = extractFrom?.webSocketProtocol?.valuePrefix ?? '';
  return { ...locationsOf(extractFrom, 'authorization', 'bearer '), webSocketPrefix };
}

function isNowhere({ headers, cookies, params, webSocketPrefix }: TokenLocations): boolean {
  return headers.length + cookies.length + params.length + webSocketPrefix.length === 0;
}
