/** What users write under `jwt`. */
import { Type } from 'typebox';
import { text, type ValueOf } from '../../api/schema.ts';

export const jwtSchema = Type.Object(
  { issuer: Type.Optional(text(253, 'Value that `iss` must have.')) },
  { description: 'JSON Web Tokens (RFC 7519).' },
);

export type JwtSpec = ValueOf<typeof jwtSchema>;
