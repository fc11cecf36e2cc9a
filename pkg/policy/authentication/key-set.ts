/** Public keys by what a token says of them. Immutable. */
import type { AsymmetricAlgorithm } from './jwt-algorithm.ts';
import { type PublicJwk, type PublicKey, readPublicKey } from './jwt-key.ts';

/** Keys that are tried for one token: without a bound a large key set multiplies what a forged token costs. */
const MAX_TRIES = 8;

export class KeySet {
  readonly #keys: readonly PublicKey[];
  /** Equal for equal keys. */
  readonly text: string;

  /** Keys that cannot be used are left out: issuers publish keys for encryption and new algorithms beside the others. */
  constructor(jwks: readonly PublicJwk[], text = JSON.stringify(jwks)) {
    this.#keys = jwks.map(readPublicKey).filter((key) => typeof key !== 'string');
    this.text = text;
  }

  /**
   * Keys that may have signed. A key without an id fits every token, and a token without one every key.
   * @param keyId `''` for none
   */
  find(algorithm: AsymmetricAlgorithm, keyId: string): readonly PublicKey[] {
    return this.#keys
      .filter(({ id, algorithms }) => algorithms.includes(algorithm) && (id === '' || keyId === '' || id === keyId))
      .slice(0, MAX_TRIES);
  }
}
