/** Signed URLs: what users write, and what a worker needs of it. */
import { Type } from 'typebox';
import { celRules, choice, duration, list, objectName, text, type ValueOf } from '../../api/schema.ts';

const { Optional } = Type;

const ref = {
  name: objectName('Name of the object, in the namespace of the policy.'),
  key: text(253, 'Key within its data.'),
};

const keySchema = Type.Object(
  {
    id: text(64, 'Name of the key, as URLs have it in `su-key`.', { pattern: '^[A-Za-z0-9._-]+$' }),
    algorithm: choice(['HMACSHA256', 'Ed25519'], 'How URLs are signed with it. Never taken from a URL.'),
    secretRef: Optional(
      Type.Object(ref, { description: 'Secret with the shared key, 32 characters at least (HMACSHA256).' }),
    ),
    publicKeyRef: Optional(
      Type.Object(
        { kind: choice(['ConfigMap', 'Secret'], 'Kind of the object.', { default: 'ConfigMap' }), ...ref },
        { description: 'Public key as PEM (Ed25519).' },
      ),
    ),
  },
  celRules(
    {
      rule: "self.algorithm == 'HMACSHA256' ? has(self.secretRef) : !has(self.secretRef)",
      message: 'secretRef is set with algorithm HMACSHA256, and with no other',
    },
    {
      rule: "self.algorithm == 'Ed25519' ? has(self.publicKeyRef) : !has(self.publicKeyRef)",
      message: 'publicKeyRef is set with algorithm Ed25519, and with no other',
    },
  ),
);

export const signedURLsSchema = Type.Object(
  {
    keys: list(keySchema, 16, 'Keys that URLs may be signed with: two while one takes the place of another.', {
      minItems: 1,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['id'],
    }),
    clockSkew: Optional(duration('By how much the clocks of signer and gateway may differ; absent: 30s.')),
    maxLifetime: Optional(duration('A URL that is valid for longer than this from now is refused; absent: 168h.')),
    requireClientIP: Type.Boolean({
      default: false,
      description: 'Whether every URL has to name the address of its client (`su-ip`).',
    }),
  },
  { description: 'Only URLs that were signed for it are served.' },
);

export type SignedURLsSpec = ValueOf<typeof signedURLsSchema>;
export type SigningKeySpec = SignedURLsSpec['keys'][number];

export type SigningKeyConfig =
  /** `secret`: id in `Ir.secrets`. */
  | { readonly id: string; readonly algorithm: 'HMACSHA256'; readonly secret: string }
  /** PEM. */
  | { readonly id: string; readonly algorithm: 'Ed25519'; readonly publicKey: string };

export interface SignedURLsConfig {
  readonly keys: readonly SigningKeyConfig[];
  /** Seconds. */
  readonly clockSkew: number;
  readonly maxLifetime: number;
  readonly requireClientIP: boolean;
}
