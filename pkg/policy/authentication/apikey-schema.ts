/** API keys: what a worker needs of them. */
import type { ClaimHeader } from './claim-header.ts';
import type { TokenLocations } from './jwt-schema.ts';

export interface ApiKeyConfig {
  readonly locations: TokenLocations;
  /** Whether the backend sees the key. */
  readonly forward: 'Keep' | 'Strip';
  /** Of the challenge: `ApiKey`, or what stands before the key in Authorization. */
  readonly scheme: string;
  /** Every one of them. */
  readonly requiredScopes: readonly string[];
  readonly claimToHeaders: readonly ClaimHeader[];
  /** Namespace of the keys. */
  readonly tenant: string;
  readonly source: KeySource;
}

export type KeySource = { readonly kind: 'objects'; readonly owners: readonly KeyOwner[] } | RedisKeySource;

/** Milliseconds: how long an answer is used, and how much longer while Redis does not answer. */
export interface RedisKeySource {
  readonly kind: 'redis';
  readonly cacheDuration: number;
  readonly maxStale: number;
}

/** Who has keys. Owners that are suspended are left out. */
export interface KeyOwner {
  readonly subject: string;
  readonly scopes: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly keys: readonly OwnedKey[];
}

export interface OwnedKey {
  readonly id: string;
  /** SHA-256 of the whole key, hex. */
  readonly hash: string;
  /** Milliseconds since the epoch; 0: always. */
  readonly notBefore: number;
  /** The same; 0: never. */
  readonly expires: number;
}
