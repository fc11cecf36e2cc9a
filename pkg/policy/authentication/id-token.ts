/** ID tokens (OpenID Connect Core 3.1.3.7): verified as any JWT is, and bound to this client, this login and this access token. */
import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import type { FilterEnv } from '../runtime.ts';
import { type Claims, parseToken, type Token } from './jwt-token.ts';
import type { OidcConfig } from './oidc-schema.ts';
import { TokenVerifier } from './token-verifier.ts';

const SKEW = 30_000;
const CACHE = 300_000;
const STALE = 43_200_000;

export class IdTokens {
  readonly #clientId: string;
  readonly #verifier: TokenVerifier;

  constructor({ issuer, authority, clientId, algorithms }: OidcConfig, env: FilterEnv) {
    this.#clientId = clientId;
    const rules = {
      issuer,
      audiences: [clientId],
      clockSkew: SKEW,
      expirationRequired: true,
      types: ['', 'jwt'],
      required: [],
    };
    const feed = { source: { kind: 'discovery', issuer }, authority, cacheDuration: CACHE, maxStale: STALE } as const;
    this.#verifier = new TokenVerifier({ rules, algorithms, keys: { kind: 'feed', feed } }, null, env);
  }

  /**
   * @param nonce of the login; null after a refresh, when there may be none
   * @returns null while nobody knows the keys
   */
  async read(text: string, nonce: string | null, accessToken: string): Promise<Claims | 'refused' | null> {
    const token = parseToken(text);
    if (token === null || token === 'foreign') return 'refused';
    const verdict = await this.#verifier.verify(token, await this.#verifier.keys());
    if (verdict.kind === 'unknown') return null;
    return verdict.kind === 'good' && this.#isBound(token, nonce, accessToken) ? token.claims : 'refused';
  }

  close(): void {
    this.#verifier.close();
  }

  #isBound({ algorithm, claims }: Token, nonce: string | null, accessToken: string): boolean {
    const { azp, at_hash: accessHash } = claims;
    // 5: "If an azp (authorized party) Claim is present, the Client SHOULD verify that its client_id is the Claim Value."
    if (azp !== undefined && azp !== this.#clientId) return false;
    // 11: "If a nonce value was sent in the Authentication Request, a nonce Claim MUST be present and its value checked".
    if (nonce !== null && claims['nonce'] !== nonce) return false;
    return accessHash === undefined || accessToken === '' || accessHash === halfHash(algorithm, accessToken);
  }
}

/** 3.1.3.6: "the left-most half of the hash", with the hash of the signature's algorithm. */
function halfHash(algorithm: string, accessToken: string): string {
  const bits = algorithm === 'EdDSA' ? '512' : algorithm.slice(2);
  const bytes: Buffer = hash(`sha${bits}`, accessToken, 'buffer');
  return bytes.subarray(0, bytes.length / 2).toString('base64url');
}
