/** Data-plane half of token introspection: asks once for a token, and knows the answer for a while. */
import { hash } from 'node:crypto';
import type { Identity } from '../identity.ts';
import { Recent } from '../recent.ts';
import type { FilterEnv } from '../runtime.ts';
import { claimOf, wordsOf } from './claim.ts';
import { ClaimFields } from './claim-fields.ts';
import { createIntrospect, type Introspected } from './introspection-client.ts';
import type { IntrospectionConfig } from './introspection-schema.ts';
import { findToken, forwardToken, stripTokens } from './jwt-location.ts';
import type { Method, Outcome } from './method.ts';

/** Each; an entry takes about 2 KB. Apart, so that made-up tokens do not push out good ones. */
const Remembered = 10_000;
/** ms that a token which is not active stays so. */
const Bad = 10_000;
/** At once, per worker: made-up tokens must not become an endless queue at the authorization server. */
const Asking = 128;
const MaxToken = 8_192;
// RFC 6750 2.1 has fewer characters, but servers are not so strict: whatever can stand in a field, without spaces and commas.
const form = /^[!-+\--~]+$/;

interface Verdict {
  /** null: not active, or not for us. */
  readonly identity: Identity | null;
  /** By `now()`. */
  readonly until: number;
  /** By `wallClock()`. */
  readonly expires: number;
}

export function createIntrospection(name: string, config: IntrospectionConfig, env: FilterEnv): Method {
  const { locations, requiredScopes, cacheDuration } = config;
  const introspect = createIntrospect(config, env);
  const fields = new ClaimFields(config.claimToHeaders);
  /** By SHA-256 of the token: a dump of the heap holds no credentials. */
  const good = new Recent<Verdict>(Remembered);
  const bad = new Recent<Verdict>(Remembered);
  const asking = new Map<string, Promise<Outcome>>();

  const challenge = `Bearer realm="${name}"`;
  const absent: Outcome = { kind: 'absent', challenge };
  const unavailable: Outcome = { kind: 'unavailable' };
  const forbidden: Outcome = {
    kind: 'forbidden',
    challenge: `${challenge}, error="insufficient_scope", scope="${requiredScopes.join(' ')}"`,
  };

  function outcomeOf(identity: Identity | null, credential: string): Outcome {
    // Another method may know it: a JWT beside opaque tokens.
    if (identity === null) return { kind: 'foreign', challenge: `${challenge}, error="invalid_token"`, credential };
    if (!requiredScopes.every((scope) => identity.scopes.includes(scope))) return forbidden;
    return { kind: 'accepted', identity, credential };
  }

  function remembered(id: string, token: string): Outcome | undefined {
    const verdict = good.get(id) ?? bad.get(id);
    if (verdict === undefined || env.now() >= verdict.until || env.wallClock() >= verdict.expires) return undefined;
    return outcomeOf(verdict.identity, token);
  }

  async function ask(id: string, token: string): Promise<Outcome> {
    const answer = await introspect(token);
    const identity = judge(answer, config, env.wallClock(), name);
    const usable = identity !== null && fields.fits(identity) ? identity : null;
    // RFC 7662 4: "If the response contains the "exp" parameter (expiration), the response MUST NOT be cached beyond the time indicated therein."
    if (usable !== null)
      good.set(id, { identity: usable, until: env.now() + cacheDuration, expires: expiryOf(answer) });
    else bad.set(id, { identity: null, until: env.now() + Math.min(Bad, cacheDuration), expires: Infinity });
    return outcomeOf(usable, token);
  }

  return {
    name,
    cleanse: ({ request }) => fields.remove(request.headers),
    authenticate({ request }) {
      const token = findToken(locations, request);
      if (token === undefined || token === '') return absent;
      if (token.length > MaxToken || !form.test(token)) return outcomeOf(null, token);
      const id = hash('sha256', token, 'base64');
      const known = remembered(id, token) ?? asking.get(id);
      if (known !== undefined) return known;
      if (asking.size >= Asking) return unavailable;
      const answer = ask(id, token)
        .catch(() => unavailable)
        .finally(() => asking.delete(id));
      asking.set(id, answer);
      return answer;
    },
    accepted({ request }, identity) {
      forwardToken(locations, request, config.forward);
      fields.set(request.headers, identity);
    },
    discard: ({ request }, credential) => stripTokens(locations, request, credential),
  };
}

/** @returns null for a token that is not active, not for us, or nobody's */
function judge(
  answer: Introspected,
  { issuer, audiences }: IntrospectionConfig,
  time: number,
  provider: string,
): Identity | null {
  if (answer['active'] !== true) return null;
  // "active" should have said it; a server whose clock or cache is behind must not let a token live longer.
  if (time >= expiryOf(answer) || time < beginningOf(answer)) return null;
  if (issuer !== '' && answer['iss'] !== issuer) return null;
  if (audiences.length > 0 && !audiences.some((audience) => audiencesOf(answer['aud']).includes(audience))) return null;
  const subject = ['sub', 'username', 'client_id'].map((claim) => claimOf(answer, claim)).find(isName);
  if (subject === undefined) return null;
  return {
    method: 'Introspection',
    provider,
    subject,
    tenant: '',
    scopes: wordsOf(answer['scope']),
    roles: wordsOf(answer['roles']),
    claims: answer,
  };
}

/** ms since the epoch; a value that is no number ends it at once. */
function expiryOf({ exp }: Introspected): number {
  if (exp === undefined) return Number.POSITIVE_INFINITY;
  return typeof exp === 'number' ? exp * 1000 : 0;
}

function beginningOf({ nbf }: Introspected): number {
  if (nbf === undefined) return 0;
  return typeof nbf === 'number' ? nbf * 1000 : Number.POSITIVE_INFINITY;
}

function audiencesOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

// eslint-disable-next-line no-control-regex
const control = /[\x00-\x1f\x7f]/;

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !control.test(value);
}
