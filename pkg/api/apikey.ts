/** APIKey: one client of an API and the keys that it may show. Holds hashes only; the key itself is printed once, by `gatewayctl apikey`. */
import { Type } from 'typebox';
import type { KubeObject } from './object.ts';
import { celRules, list, text, type ValueOf } from './schema.ts';

/** An id stands in the key itself, between underscores. */
const ID_PATTERN = '^[a-z0-9]{4,32}$';
const HASH_PATTERN = '^sha256:[0-9a-f]{64}$';
/** RFC 3339. Without fractions and in UTC: then CEL, kubectl and this gateway read the same moment. */
const TIME_PATTERN = '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$';

/** What may stand in a header field: visible ASCII, spaces within. */
const FIELD_PATTERN = '^[!-~]([ -~]*[!-~])?$';

function time(description: string) {
  return Type.Optional(Type.String({ format: 'date-time', maxLength: 20, pattern: TIME_PATTERN, description }));
}

const keySchema = Type.Object(
  {
    id: text(32, 'Names the key; the second part of the key itself.', { pattern: ID_PATTERN }),
    hash: text(71, '`sha256:` and the SHA-256 of the whole key in hex. Cannot be changed: a new key is a new entry.', {
      pattern: HASH_PATTERN,
    }),
    notBefore: time('Refused before this time, such as `2026-12-01T00:00:00Z`.'),
    expires: time('Refused from this time on.'),
  },
  celRules(
    { rule: 'self.hash == oldSelf.hash', message: 'hash is immutable: add an entry with another id' },
    {
      rule: '!has(self.notBefore) || !has(self.expires) || self.notBefore < self.expires',
      message: 'notBefore must be before expires',
    },
  ),
);

export const apiKeySpecSchema = Type.Object(
  {
    subject: text(253, 'Who the client is: for authorization, rate limits, logs and the backend.', {
      pattern: FIELD_PATTERN,
    }),
    scopes: Type.Optional(
      // RFC 6749 3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
      list(text(128, 'Scope.', { pattern: '^[!#-\\[\\]-~]+$' }), 32, 'What the client may do, such as orders.read.'),
    ),
    suspended: Type.Boolean({ default: false, description: 'Every key is refused for as long as this is true.' }),
    metadata: Type.Optional(
      Type.Unsafe<Record<string, string>>({
        type: 'object',
        additionalProperties: Type.String({ maxLength: 256, pattern: '^[ -~]*$', description: 'Value.' }),
        maxProperties: 16,
        description:
          'More about the client, such as its plan. Policies read it as claims and may send it to the backend.',
      }),
    ),
    keys: list(keySchema, 4, 'Keys that it may show. Rotate by adding a second one, and removing the first later.', {
      minItems: 1,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['id'],
    }),
  },
  { description: 'The client, what it may do, and its keys.' },
);

export type APIKeySpec = ValueOf<typeof apiKeySpecSchema>;

export interface APIKey extends KubeObject {
  readonly kind: 'APIKey';
  readonly spec: APIKeySpec;
}
