/** An API key as a worker judges it. */
import { Buffer } from 'node:buffer';
import type { Identity } from '../identity.ts';
import type { KeyOwner, OwnedKey } from './apikey-schema.ts';

export interface KnownKey {
  /** 64 hex digits as bytes, for a comparison that takes the same time whatever they are. */
  readonly hash: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly expires: number;
  readonly identity: Identity;
  /** Whether it has every scope that is asked for. */
  readonly sufficient: boolean;
  /** Another key of the same id: two objects may name one alike, as while one is renamed. */
  readonly next: KnownKey | null;
}

/** Where keys are looked up by id. */
export interface KeyLookup {
  /** null: there is none. Rejects if nobody can say. */
  find(id: string): KnownKey | null | Promise<KnownKey | null>;
  close(): void;
}

/** What of a policy says what a key is worth. */
export interface KeyRules {
  /** Of the method. */
  readonly name: string;
  readonly tenant: string;
  readonly requiredScopes: readonly string[];
}

export function identityOfOwner({ subject, scopes, metadata }: KeyOwner, { name, tenant }: KeyRules): Identity {
  return {
    method: 'APIKey',
    provider: name,
    subject,
    tenant,
    scopes,
    roles: [],
    // What the owner is stands before what its metadata may call itself.
    claims: { ...metadata, sub: subject, scope: scopes.join(' ') },
  };
}

export function knownKey(
  { hash, notBefore, expires }: OwnedKey,
  identity: Identity,
  { requiredScopes }: KeyRules,
  next: KnownKey | null,
): KnownKey {
  return {
    hash: Buffer.from(hash, 'latin1'),
    notBefore,
    expires: expires === 0 ? Number.POSITIVE_INFINITY : expires,
    identity,
    sufficient: requiredScopes.every((scope) => identity.scopes.includes(scope)),
    next,
  };
}
