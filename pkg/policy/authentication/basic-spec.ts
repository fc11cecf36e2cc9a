/** What users write under `basic`. */
import { Type } from 'typebox';
import { text, type ValueOf } from '../../api/schema.ts';
import { claimToHeaders, forward, secretKeyRef } from './credential-spec.ts';

export const basicSchema = Type.Object(
  {
    users: secretKeyRef('Secret with the users: a file of htpasswd with bcrypt (htpasswd -B), $apr1$ or {SHA}.'),
    realm: Type.Optional(
      text(127, 'What a browser calls the place; absent: the name of the method.', { pattern: '^[ !#-\\[\\]-~]+$' }),
    ),
    forward,
    claimToHeaders,
  },
  { description: 'User and password (RFC 7617). Claim: sub, the name of the user.' },
);

export type BasicSpec = ValueOf<typeof basicSchema>;
