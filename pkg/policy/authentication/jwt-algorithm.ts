/** Signature algorithms (RFC 7518 3.1, RFC 8037), and which key each takes. `none` is not among them, so nothing can ask for it. */

const asymmetric = {
  RS256: 'RSA',
  RS384: 'RSA',
  RS512: 'RSA',
  PS256: 'RSA',
  PS384: 'RSA',
  PS512: 'RSA',
  ES256: 'P-256',
  ES384: 'P-384',
  ES512: 'P-521',
  EdDSA: 'Ed25519',
} as const;

/** Bytes that the shared secret needs: "A key of the same size as the hash output … or larger MUST be used" (RFC 7518 3.2). */
export const symmetric = { HS256: 32, HS384: 48, HS512: 64 } as const;

export type AsymmetricAlgorithm = keyof typeof asymmetric;
export type SymmetricAlgorithm = keyof typeof symmetric;
export type Algorithm = AsymmetricAlgorithm | SymmetricAlgorithm;

export const asymmetricAlgorithms = Object.keys(asymmetric) as readonly AsymmetricAlgorithm[];
export const algorithms: readonly Algorithm[] = [
  ...asymmetricAlgorithms,
  ...(Object.keys(symmetric) as SymmetricAlgorithm[]),
];

export function isSymmetric(algorithm: Algorithm): algorithm is SymmetricAlgorithm {
  return Object.hasOwn(symmetric, algorithm);
}

/** The algorithms that a key of this kind can be used with. @param kind `RSA`, or the curve */
export function algorithmsOf(kind: string): readonly AsymmetricAlgorithm[] {
  return asymmetricAlgorithms.filter((algorithm) => asymmetric[algorithm] === kind);
}
