/** Verifies one token: the key, the signature, the claims. Remembers nothing. */
import type { KeyObject } from 'node:crypto';
import { compactVerify } from 'jose';
import type { FilterEnv } from '../runtime.ts';
import { type Algorithm, isSymmetric } from './jwt-algorithm.ts';
import { type ClaimFault, checkClaims, type Validity } from './jwt-claims.ts';
import type { ClaimRules, KeysConfig } from './jwt-schema.ts';
import type { Token } from './jwt-token.ts';
import type { KeySet } from './key-set.ts';
import type { KeySource } from './key-source.ts';
import { createKeySource } from './key-sources.ts';

export interface VerifierConfig {
  readonly rules: ClaimRules;
  readonly algorithms: readonly Algorithm[];
  readonly keys: KeysConfig;
}

export type Verdict =
  | { readonly kind: 'good'; readonly validity: Validity }
  /** `fault` is null while nothing is known of the holder. */
  | { readonly kind: 'bad'; readonly fault: ClaimFault | null }
  /** Nobody knows whether there is such a key. */
  | { readonly kind: 'unknown' };

const bad: Verdict = { kind: 'bad', fault: null };

export class TokenVerifier {
  readonly #config: VerifierConfig;
  readonly #env: FilterEnv;
  readonly #algorithms: ReadonlySet<string>;
  readonly #secret: KeyObject | null;
  readonly #keys: KeySource;

  /** @param secret for the HS algorithms */
  constructor(config: VerifierConfig, secret: KeyObject | null, env: FilterEnv) {
    this.#config = config;
    this.#env = env;
    this.#algorithms = new Set(config.algorithms);
    this.#secret = secret;
    this.#keys = createKeySource(config.keys, env);
  }

  /** As `KeySource.current`: another object means that what the former verified is void. */
  keys(): KeySet | null | Promise<KeySet | null> {
    return this.#keys.current();
  }

  async verify(token: Token, keys: KeySet | null): Promise<Verdict> {
    const { algorithm } = token;
    if (!this.#allows(algorithm)) return bad;
    const candidates = isSymmetric(algorithm) ? this.#secretKeys() : await this.#publicKeys(token, algorithm, keys);
    if (candidates === null) return { kind: 'unknown' };
    if (!(await isSignedByAny(token, algorithm, candidates))) return bad;
    const validity = checkClaims(this.#config.rules, token, this.#env.wallClock());
    return typeof validity === 'string' ? { kind: 'bad', fault: validity } : { kind: 'good', validity };
  }

  close(): void {
    this.#keys.close();
  }

  /** RFC 8725 3.1: the algorithms are the configuration's, never the token's. */
  #allows(algorithm: string): algorithm is Algorithm {
    return this.#algorithms.has(algorithm);
  }

  // The shared secret alone, never a public key: with "HS256" a token could else be signed with what everybody knows.
  #secretKeys(): readonly KeyObject[] {
    return this.#secret === null ? [] : [this.#secret];
  }

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
