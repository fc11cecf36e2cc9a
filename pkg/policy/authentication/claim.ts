/** Claims by name: of a token, or of what else says who is asking. */

type Claims = Readonly<Record<string, unknown>>;

/**
 * Looks a claim up. A name is taken literally first, since many issuers have names such as `https://example.com/roles`;
 * else its dots lead into objects: `realm_access.roles`. Never into what objects inherit.
 */
export function claimOf(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, part))
      return undefined;
    value = (value as Claims)[part];
  }
  return value;
}

/** A list of words, or words with spaces between them (RFC 6749 3.3); `[]` for anything else. */
export function wordsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(' ').filter((word) => word !== '');
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string' && word !== '') : [];
}

export function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
