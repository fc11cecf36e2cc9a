/** What a verified token has to say (RFC 7519 4.1), and whom it names. */
import type { Identity } from '../identity.ts';
import { claimOf, isPlain, wordsOf } from './claim.ts';
import type { ClaimRules, IdentityClaims } from './jwt-schema.ts';
import type { Claims, Token } from './jwt-token.ts';

/** Why a token whose signature is right is refused; the client, who holds it, may know. */
export type ClaimFault =
  | 'The token has expired'
  | 'The token is not valid yet'
  | 'The token is meant for another audience'
  | 'The token lacks a required claim'
  | 'The token is of another type'
  | 'The token is malformed';

// The last second of the year 9999. JSON has larger numbers, and 1e400 is Infinity: a token that never ends.
const MAX_DATE = 253_402_300_799;
const MAX_SUBJECT = 1024;
// eslint-disable-next-line no-control-regex
const control = /[\x00-\x1f\x7f]/;

/** Token may be used from `notBefore` until `expires`, clock skew included; milliseconds since the epoch. */
export interface Validity {
  readonly notBefore: number;
  readonly expires: number;
}

/** Whether another issuer's method may know the token. */
export function isForeign({ issuer }: ClaimRules, { claims }: Token): boolean {
  return issuer !== '' && claims['iss'] !== issuer;
}

/** @param now milliseconds since the epoch */
export function checkClaims(rules: ClaimRules, { claims, type }: Token, now: number): Validity | ClaimFault {
  if (isStrange(claims)) return 'The token is malformed';
  if (!rules.types.includes(type)) return 'The token is of another type';
  if (rules.issuer !== '' && claims['iss'] !== rules.issuer) return 'The token is malformed';
  if (rules.expirationRequired && claims['exp'] === undefined) return 'The token lacks a required claim';
  const validity = validityOf(rules, claims);
  const fault = timeFault(validity, now);
  if (fault !== null) return fault;
  const audiences = [claims['aud'] ?? []].flat();
  if (rules.audiences.length > 0 && !rules.audiences.some((audience) => audiences.includes(audience)))
    return 'The token is meant for another audience';
  if (!rules.required.every(({ claim, values }) => hasClaim(claims, claim, values)))
    return 'The token lacks a required claim';
  return validity;
}

export function timeFault({ notBefore, expires }: Validity, now: number): ClaimFault | null {
  if (now < notBefore) return 'The token is not valid yet';
  return now < expires ? null : 'The token has expired';
}

function validityOf({ clockSkew }: ClaimRules, { exp, nbf, iat }: Claims): Validity {
  const start = Math.max(Number(nbf ?? 0), Number(iat ?? 0));
  return {
    notBefore: start * 1000 - clockSkew,
    // RFC 7519 4.1.4: "the current date/time MUST be before the expiration date/time".
    expires: exp === undefined ? Infinity : Number(exp) * 1000 + clockSkew,
  };
}

/** Registered claims are of their type, or nobody knows what is meant. */
function isStrange({ iss, aud, exp, nbf, iat, jti }: Claims): boolean {
  return (
    ![exp, nbf, iat].every((date) => date === undefined || isDate(date)) ||
    ![iss, jti].every((text) => text === undefined || typeof text === 'string') ||
    !(
      aud === undefined ||
      typeof aud === 'string' ||
      (Array.isArray(aud) && aud.every((one) => typeof one === 'string'))
    )
  );
}

// `typeof` alone lets "1700000000", which compares as a number, and 1e400 through.
function isDate(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= MAX_DATE;
}

function hasClaim(claims: Claims, name: string, values: readonly string[] | null): boolean {
  const value = claimOf(claims, name);
  if (value === undefined || value === null) return false;
  if (values === null) return true;
  return [value].flat().some((one: unknown) => isPlain(one) && values.includes(String(one)));
}

/** @returns null if it names nobody */
export function identityOf(method: string, provider: string, names: IdentityClaims, claims: Claims): Identity | null {
  const subject = claimOf(claims, names.subject);
  const tenant = names.tenant === '' ? '' : (claimOf(claims, names.tenant) ?? '');
  if (!isName(subject) || subject === '' || !isName(tenant)) return null;
  const scopes = names.scopes.find((name) => claimOf(claims, name) !== undefined);
  return {
    method,
    provider,
    subject,
    tenant,
    scopes: scopes === undefined ? [] : wordsOf(claimOf(claims, scopes)),
    roles: wordsOf(claimOf(claims, names.roles)),
    claims,
  };
}

// Names end up in logs, keys of Redis and headers.
function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_SUBJECT && !control.test(value);
}
