/** Data-plane half of API keys. */
import { Buffer } from 'node:buffer';
import { hash, timingSafeEqual } from 'node:crypto';
import type { Identity } from '../identity.ts';
import type { Exchange, FilterEnv } from '../runtime.ts';
import { keyIdOf } from './apikey-format.ts';
import type { ApiKeyConfig, KeyOwner, OwnedKey } from './apikey-schema.ts';
import { ClaimFields } from './claim-fields.ts';
import { findToken, stripTokens } from './jwt-location.ts';
import type { Method, Outcome } from './method.ts';

/** A key as it is judged. */
export interface KnownKey {
  /** 64 hex digits as bytes, for a comparison that takes the same time whatever they are. */
  readonly hash: Uint8Array;
  readonly notBefore: number;
  readonly expires: number;
  readonly identity: Identity;
  /** Whether it has every scope that is asked for. */
  readonly sufficient: boolean;
  /** Another key of the same id: two objects may name one alike, as while one is renamed. */
  readonly next: KnownKey | undefined;
}

const HEX = 64;

export function createApiKey(name: string, config: ApiKeyConfig, env: FilterEnv): Method {
  const { locations, forward, scheme, requiredScopes } = config;
  const fields = new ClaimFields(config.claimToHeaders);
  const keys = indexKeys(name, config, fields);
  const digest = Buffer.alloc(HEX);
  const challenge = `${scheme} realm="${name}"`;
  const invalid = `${challenge}, error="invalid_token"`;
  const refused: Outcome = { kind: 'refused', challenge: invalid };
  const absent: Outcome = { kind: 'absent', challenge };
  const scope = requiredScopes.join(' ');
  // RFC 6750 3.1: "The request requires higher privileges than provided by the access token. [...] SHOULD respond with the HTTP 403".
  const forbidden: Outcome = {
    kind: 'forbidden',
    challenge: `${challenge}, error="insufficient_scope", scope="${scope}"`,
  };

  return {
    name,
    cleanse: ({ request }: Exchange) => fields.remove(request.headers),
    authenticate({ request }) {
      const key = findToken(locations, request);
      if (key === undefined || key === '') return absent;
      const id = keyIdOf(key);
      // Where several methods look for credentials in one place, it may be another's.
      const foreign: Outcome = { kind: 'foreign', challenge: invalid, credential: key };
      if (id === null) return foreign;
      // Before the look-up: an id that exists takes no longer than one that does not.
      digest.write(hash('sha256', key, 'hex'), 0, HEX, 'latin1');
      const now = env.wallClock();
      for (let known = keys.get(id); known !== undefined; known = known.next) {
        if (!timingSafeEqual(digest, known.hash)) continue;
        if (now < known.notBefore || now >= known.expires) return refused;
        return known.sufficient ? { kind: 'accepted', identity: known.identity, credential: key } : forbidden;
      }
      return foreign;
    },
    discard: ({ request }, credential) => stripTokens(locations, request, credential),
    accepted({ request }, identity) {
      if (forward === 'Strip') stripTokens(locations, request);
      fields.set(request.headers, identity);
    },
  };
}

function indexKeys(name: string, config: ApiKeyConfig, fields: ClaimFields): ReadonlyMap<string, KnownKey> {
  const keys = new Map<string, KnownKey>();
  for (const owner of config.source.owners) {
    const identity = identityOf(name, config.tenant, owner);
    if (!fields.fits(identity)) continue;
    const sufficient = config.requiredScopes.every((scope) => owner.scopes.includes(scope));
    for (const key of owner.keys) keys.set(key.id, { ...times(key), identity, sufficient, next: keys.get(key.id) });
  }
  return keys;
}

function times({ hash: hex, notBefore, expires }: OwnedKey): Pick<KnownKey, 'hash' | 'notBefore' | 'expires'> {
  return {
    hash: Buffer.from(hex, 'latin1'),
    notBefore,
    expires: expires === 0 ? Number.POSITIVE_INFINITY : expires,
  };
}

function identityOf(provider: string, tenant: string, { subject, scopes, metadata }: KeyOwner): Identity {
  return {
    method: 'APIKey',
    provider,
    subject,
    tenant,
    scopes,
    roles: [],
    // What the object says by itself stands before what its metadata may call itself.
    claims: { ...metadata, sub: subject, scope: scopes.join(' ') },
  };
}
