/** Data-plane half of JWT: verifies a token once, and knows it again until it expires. */
import { Buffer } from 'node:buffer';
import { createSecretKey, hash } from 'node:crypto';
import type { Identity } from '../identity.ts';
import { Recent } from '../recent.ts';
import type { Exchange, FilterEnv } from '../runtime.ts';
import { ClaimFields } from './claim-fields.ts';
import { type ClaimFault, identityOf, isForeign, timeFault, type Validity } from './jwt-claims.ts';
import { findToken, forwardToken, stripTokens } from './jwt-location.ts';
import type { JwtConfig } from './jwt-schema.ts';
import { MAX_TOKEN, parseToken, type Token } from './jwt-token.ts';
import type { KeySet } from './key-set.ts';
import type { Method, Outcome } from './method.ts';
import { TokenVerifier } from './token-verifier.ts';

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
  readonly #verifier: TokenVerifier;
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
    const secret =
      config.sharedSecret === null ? null : createSecretKey(Buffer.from(env.secret(config.sharedSecret), 'utf8'));
    this.#verifier = new TokenVerifier(config, secret, env);
    this.#challenge = `Bearer realm="${name}"`;
  }

  cleanse({ request }: Exchange): void {
    this.#fields.remove(request.headers);
  }

  authenticate(exchange: Exchange): Outcome | Promise<Outcome> {
    const text = findToken(this.#config.locations, exchange.request);
    if (text === undefined) return { kind: 'absent', challenge: this.#challenge };
    if (text.length > MAX_TOKEN) return this.#foreign(text);
    const keys = this.#verifier.keys();
    return keys instanceof Promise ? keys.then((late) => this.#judge(text, late)) : this.#judge(text, keys);
  }

  accepted({ request }: Exchange, identity: Identity): void {
    forwardToken(this.#config.locations, request, this.#config.forward);
    this.#fields.set(request.headers, identity);
  }

  discard({ request }: Exchange, credential: string): void {
    stripTokens(this.#config.locations, request, credential);
  }

  close(): void {
    this.#verifier.close();
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
    const outcome = this.#decide(token, id, keys).finally(() => {
      if (this.#underWay.get(id) === outcome) this.#underWay.delete(id);
    });
    this.#underWay.set(id, outcome);
    return outcome;
  }

  async #decide(token: Token, id: string, keys: KeySet | null): Promise<Outcome> {
    const verdict = await this.#verifier.verify(token, keys);
    if (verdict.kind === 'unknown') return { kind: 'unavailable' };
    if (verdict.kind === 'bad') return this.#refused(verdict.fault ?? undefined);
    const identity = identityOf('JWT', this.name, this.#config.identity, token.claims);
    if (identity === null || !this.#fields.fits(identity)) return this.#refused('The token lacks a required claim');
    // Keys may have changed since: what the former ones verified must not be remembered.
    if (this.#verifiedBy === keys) this.#verified.set(id, { ...verdict.validity, identity });
    return { kind: 'accepted', identity, credential: token.text };
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
