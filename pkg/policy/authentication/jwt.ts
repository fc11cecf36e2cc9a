/** Data-plane half of JWT: verifies a token once, and knows it again until it expires. */
import { Buffer } from 'node:buffer';
import { createSecretKey, hash, type KeyObject } from 'node:crypto';
import { compactVerify } from 'jose';
import type { Identity } from '../identity.ts';
import type { Exchange, FilterEnv } from '../runtime.ts';
import { ClaimFields } from './claim-fields.ts';
import { type Algorithm, isSymmetric } from './jwt-algorithm.ts';
import { type ClaimFault, checkClaims, identityOf, isForeign, timeFault, type Validity } from './jwt-claims.ts';
import { findToken, stripTokens, stripWebSocketToken } from './jwt-location.ts';
import type { JwtConfig } from './jwt-schema.ts';
import { MAX_TOKEN, parseToken, type Token } from './jwt-token.ts';
import type { KeySet } from './key-set.ts';
import type { KeySource } from './key-source.ts';
import { createKeySource } from './key-sources.ts';
import type { Method, Outcome } from './method.ts';
import { Recent } from './recent.ts';

/** A worker's, for one configuration; an entry takes about 2 KB. Only tokens with a good signature get in. */
const MAX_VERIFIED = 10_000;

export function createJwt(name: string, config: JwtConfig, env: FilterEnv): Method {
  return new Jwt(name, config, env);
}

interface Verified extends Validity {
  readonly identity: Identity;
}

class Jwt implements Method {
  readonly name: string;
  readonly #config: JwtConfig;
  readonly #env: FilterEnv;
  readonly #algorithms: ReadonlySet<string>;
  readonly #secret: KeyObject | null;
  readonly #keys: KeySource;
  readonly #challenge: string;
  /** By SHA-256 of the token: a dump of the heap holds no credentials. */
  readonly #verified = new Recent<Verified>(MAX_VERIFIED);
  /** What verified them; another set makes them void. */
  #verifiedBy: KeySet | null = null;
  readonly #underWay = new Map<string, Promise<Outcome>>();
  readonly #fields: ClaimFields;

  constructor(name: string, config: JwtConfig, env: FilterEnv) {
    this.name = name;
    this.#fields = new ClaimFields(config.claimToHeaders);
    this.#config = config;
    this.#env = env;
    this.#algorithms = new Set(config.algorithms);
    this.#secret =
      config.sharedSecret === null ? null : createSecretKey(Buffer.from(env.secret(config.sharedSecret), 'utf8'));
    this.#keys = createKeySource(config.keys, env);
    this.#challenge = `Bearer realm="${name}"`;
  }

  cleanse({ request }: Exchange): void {
    this.#fields.remove(request.headers);
  }

  authenticate(exchange: Exchange): Outcome | Promise<Outcome> {
    const text = findToken(this.#config.locations, exchange.request);
    if (text === undefined) return { kind: 'absent', challenge: this.#challenge };
    if (text.length > MAX_TOKEN) return this.#foreign(text);
    const keys = this.#keys.current();
    return keys instanceof Promise ? keys.then((late) => this.#judge(text, late)) : this.#judge(text, keys);
  }

  accepted({ request }: Exchange, identity: Identity): void {
    if (this.#config.forward === 'Strip') stripTokens(this.#config.locations, request);
    else stripWebSocketToken(this.#config.locations, request);
    this.#fields.set(request.headers, identity);
  }

  discard({ request }: Exchange, credential: string): void {
    stripTokens(this.#config.locations, request, credential);
  }

  close(): void {
    this.#keys.close();
  }

  #judge(text: string, keys: KeySet | null): Outcome | Promise<Outcome> {
    if (keys !== this.#verifiedBy) {
      this.#verified.clear();
      this.#underWay.clear();
      this.#verifiedBy = keys;
    }
    const id = hash('sha256', text, 'base64');
    const known = this.#verified.get(id);
    if (known === undefined) return this.#underWay.get(id) ?? this.#verify(text, id, keys);
    const fault = timeFault(known, this.#env.wallClock());
    return fault === null ? { kind: 'accepted', identity: known.identity, credential: text } : this.#refused(fault);
  }

  #verify(text: string, id: string, keys: KeySet | null): Outcome | Promise<Outcome> {
    const token = parseToken(text);
    if (token === 'foreign') return this.#foreign(text);
    if (token === null) return this.#refused('The token is malformed');
    if (isForeign(this.#config.rules, token)) return this.#foreign(text);
    // RFC 8725 3.1: "only allow the use of algorithms that … the application" has been configured for.
    if (!this.#algorithms.has(token.algorithm)) return this.#refused();
    const outcome = this.#decide(token, token.algorithm as Algorithm, id, keys).finally(() => {
      if (this.#underWay.get(id) === outcome) this.#underWay.delete(id);
    });
    this.#underWay.set(id, outcome);
    return outcome;
  }

  async #decide(token: Token, algorithm: Algorithm, id: string, keys: KeySet | null): Promise<Outcome> {
    const candidates = isSymmetric(algorithm) ? this.#secretKeys() : await this.#publicKeys(token, algorithm, keys);
    if (candidates === null) return { kind: 'unavailable' };
    if (!(await isSignedByAny(token, algorithm, candidates))) return this.#refused();
    const validity = checkClaims(this.#config.rules, token, this.#env.wallClock());
    if (typeof validity === 'string') return this.#refused(validity);
    const identity = identityOf(this.name, this.#config.identity, token.claims);
    if (identity === null || !this.#fields.fits(identity)) return this.#refused('The token lacks a required claim');
    // Keys may have changed since: what the former ones verified must not be remembered.
    if (this.#verifiedBy === keys) this.#verified.set(id, { ...validity, identity });
    return { kind: 'accepted', identity, credential: token.text };
  }

  // The shared secret alone, never a public key: with "HS256" a token could else be signed with what everybody knows.
  #secretKeys(): readonly KeyObject[] {
    return this.#secret === null ? [] : [this.#secret];
  }

  /** null: nobody knows whether there is such a key. */
  async #publicKeys(
    { keyId }: Token,
    algorithm: Exclude<Algorithm, `HS${string}`>,
    keys: KeySet | null,
  ): Promise<readonly KeyObject[] | null> {
    if (keys === null) return null;
    const found = keys.find(algorithm, keyId);
    if (found.length > 0) return found.map(({ key }) => key);
    try {
      if (!(await this.#keys.refresh())) return [];
    } catch {
      return null;
    }
    const fresh = await this.#keys.current();
    return fresh === null ? null : fresh.find(algorithm, keyId).map(({ key }) => key);
  }

  #foreign(credential: string): Outcome {
    return { kind: 'foreign', challenge: this.#invalid('The token is not known here'), credential };
  }

  /** Without a reason while nothing is known of the holder: an attacker must not learn how far a forgery came. */
  #refused(reason: ClaimFault | 'The token is not valid' = 'The token is not valid'): Outcome {
    return { kind: 'refused', challenge: this.#invalid(reason) };
  }

  // RFC 6750 3.1: invalid_token is for a token that "is expired, revoked, malformed, or invalid for other reasons".
  #invalid(description: string): string {
    return `${this.#challenge}, error="invalid_token", error_description="${description}"`;
  }
}

async function isSignedByAny({ text }: Token, algorithm: Algorithm, keys: readonly KeyObject[]): Promise<boolean> {
  for (const key of keys) {
    try {
      await compactVerify(text, key, { algorithms: [algorithm] });
      return true;
    } catch {
      // Another key may have signed it; whatever was wrong, this one did not.
    }
  }
  return false;
}
