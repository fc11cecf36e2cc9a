/** Data-plane half of API keys. */
import { Buffer } from 'node:buffer';
import { hash, timingSafeEqual } from 'node:crypto';
import { Recent } from '../recent.ts';
import type { FilterEnv } from '../runtime.ts';
import { keyIdOf, MaxKeyLength } from './apikey-format.ts';
import type { KeyLookup, KnownKey } from './apikey-known.ts';
import { createObjectKeys } from './apikey-objects.ts';
import { RedisKeys } from './apikey-redis.ts';
import type { ApiKeyConfig } from './apikey-schema.ts';
import { ClaimFields } from './claim-fields.ts';
import { findToken, forwardToken, stripTokens } from './jwt-location.ts';
import type { Method, Outcome } from './method.ts';

const HEX = 64;
/** A worker's, for one configuration. */
const Recognised = 10_000;

export function createApiKey(name: string, config: ApiKeyConfig, env: FilterEnv): Method {
  const { locations, forward, scheme, requiredScopes } = config;
  const fields = new ClaimFields(config.claimToHeaders);
  const rules = { name, tenant: config.tenant, requiredScopes };
  const { source } = config;
  const keys: KeyLookup =
    source.kind === 'objects'
      ? createObjectKeys(source.owners, rules, fields)
      : new RedisKeys(source, rules, fields, env);
  const digest = Buffer.alloc(HEX);
  // By SHA-256 of the key. Keys of objects are what they are as long as the filter is; what Redis holds may change.
  const recognised = source.kind === 'objects' ? new Recent<KnownKey>(Recognised) : null;
  const challenge = `${scheme} realm="${name}"`;
  const invalid = `${challenge}, error="invalid_token"`;
  const refused: Outcome = { kind: 'refused', challenge: invalid };
  const absent: Outcome = { kind: 'absent', challenge };
  const unavailable: Outcome = { kind: 'unavailable' };
  const scope = requiredScopes.join(' ');
  // RFC 6750 3.1: "The request requires higher privileges than provided by the access token. [...] SHOULD respond with the HTTP 403".
  const forbidden: Outcome = {
    kind: 'forbidden',
    challenge: `${challenge}, error="insufficient_scope", scope="${scope}"`,
  };

  // Where several methods look for credentials in one place, it may be another's.
  const foreign = (key: string): Outcome => ({ kind: 'foreign', challenge: invalid, credential: key });

  function judge(key: string, hex: string, first: KnownKey | null): Outcome {
    digest.write(hex, 0, HEX, 'latin1');
    for (let known = first; known !== null; known = known.next) {
      if (!timingSafeEqual(digest, known.hash)) continue;
      recognised?.set(hex, known);
      return verdict(key, known);
    }
    return foreign(key);
  }

  function verdict(key: string, known: KnownKey): Outcome {
    const now = env.wallClock();
    if (now < known.notBefore || now >= known.expires) return refused;
    return known.sufficient ? { kind: 'accepted', identity: known.identity, credential: key } : forbidden;
  }

  return {
    name,
    cleanse: ({ request }) => fields.remove(request.headers),
    authenticate({ request }) {
      const key = findToken(locations, request);
      if (key === undefined || key === '') return absent;
      if (key.length > MaxKeyLength) return foreign(key);
      // Of any text: which ids there are is not told by how long it takes.
      const hex = hash('sha256', key, 'hex');
      const known = recognised?.get(hex);
      if (known !== undefined) return verdict(key, known);
      const id = keyIdOf(key);
      if (id === null) return foreign(key);
      const found = keys.find(id);
      if (!(found instanceof Promise)) return judge(key, hex, found);
      return found.then(
        (late) => judge(key, hex, late),
        () => unavailable,
      );
    },
    discard: ({ request }, credential) => stripTokens(locations, request, credential),
    accepted({ request }, identity) {
      forwardToken(locations, request, forward);
      fields.set(request.headers, identity);
    },
    close: () => keys.close(),
  };
}
