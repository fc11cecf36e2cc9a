/** API keys of APIKey objects: all of them, by id, as the configuration has them. */
import { identityOfOwner, type KeyLookup, type KeyRules, type KnownKey, knownKey } from './apikey-known.ts';
import type { KeyOwner } from './apikey-schema.ts';
import type { ClaimFields } from './claim-fields.ts';

export function createObjectKeys(owners: readonly KeyOwner[], rules: KeyRules, fields: ClaimFields): KeyLookup {
  const keys = new Map<string, KnownKey>();
  for (const owner of owners) {
    const identity = identityOfOwner(owner, rules);
    if (!fields.fits(identity)) continue;
    for (const key of owner.keys) keys.set(key.id, knownKey(key, identity, rules, keys.get(key.id) ?? null));
  }
  return { find: (id) => keys.get(id) ?? null, close: () => undefined };
}
