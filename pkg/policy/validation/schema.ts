/** Validation of request bodies: what users write, and what a worker needs of it. */
import { Type } from 'typebox';
import { celRules, choice, list, objectName, size, text, type ValueOf } from '../../api/schema.ts';

const sourceSchema = Type.Object(
  {
    type: choice(['Inline', 'ValueRef'], 'Which of the members below holds it.'),
    inline: Type.Optional(text(16_384, 'The schema as JSON text.')),
    valueRef: Type.Optional(
      Type.Object(
        {
          name: objectName('Name of the ConfigMap, in the namespace of the policy.'),
          key: text(253, 'Key whose value is the schema, as JSON text.', { pattern: '^[-._a-zA-Z0-9]+$' }),
        },
        { description: 'A key of a ConfigMap of the same namespace; at most 256 KiB.' },
      ),
    ),
  },
  {
    description: 'JSON Schema (2020-12); `$ref` leads into this document only.',
    ...celRules(
      {
        rule: "self.type == 'Inline' ? has(self.inline) : !has(self.inline)",
        message: 'inline is set with type Inline, and with no other',
      },
      {
        rule: "self.type == 'ValueRef' ? has(self.valueRef) : !has(self.valueRef)",
        message: 'valueRef is set with type ValueRef, and with no other',
      },
    ),
  },
);

export const validationSchema = Type.Object(
  {
    schema: sourceSchema,
    methods: Type.Optional(
      list(
        choice(['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'OPTIONS'], 'Method.'),
        6,
        'Requests whose bodies are validated; others pass. Default: POST, PUT and PATCH.',
        { minItems: 1 },
      ),
    ),
    contentTypes: Type.Optional(
      list(
        text(127, 'Media type.', { pattern: '^([!-.0-~]+/[!-.0-~]+|\\*\\+[!-.0-~]+)$' }),
        8,
        'Media types that are JSON; others are refused (415). Default: application/json and *+json.',
        { minItems: 1 },
      ),
    ),
    maxSize: Type.Optional(
      size('Longest body, as it comes and decoded; a longer one is refused (413). Default: 1Mi; at most 16Mi.'),
    ),
    allowEmpty: Type.Boolean({ default: false, description: 'A request without a body passes.' }),
  },
  { description: 'Refuses requests whose JSON bodies do not match a schema.' },
);

export type ValidationSpec = ValueOf<typeof validationSchema>;

export interface ValidationConfig {
  /** JSON Schema, checked. */
  readonly schema: unknown;
  readonly methods: readonly string[];
  /** Lower case. */
  readonly contentTypes: readonly string[];
  /** Bytes. */
  readonly maxSize: number;
  readonly allowEmpty: boolean;
}
