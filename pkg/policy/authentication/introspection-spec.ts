/** What users write under `introspection`. */
import { Type } from 'typebox';
import { celRules, choice, duration, list, text, type ValueOf } from '../../api/schema.ts';
import { claimToHeaders, extractFrom, scopeList, secretKeyRef } from './credential-spec.ts';
import { endpointFields, endpointRules } from './endpoint-spec.ts';

export const introspectionSchema = Type.Object(
  {
    endpoint: Type.Object(endpointFields('the introspection endpoint'), {
      description: 'Where tokens are asked for.',
      ...celRules(...endpointRules),
    }),
    clientID: text(255, 'Name of the gateway at the authorization server.', { pattern: '^[ -~]+$' }),
    clientSecret: secretKeyRef('Secret with the password that goes with it.'),
    issuer: Type.Optional(text(2048, 'Value that `iss` must have, exactly. Absent: any.')),
    audiences: Type.Optional(list(text(2048, 'Audience.'), 16, 'One of these must be in `aud`. Absent: any.')),
    requiredScopes: scopeList('Scopes that a token must have, each of them.'),
    extractFrom,
    forward: choice(['Keep', 'Strip'], 'Whether the backend sees the token.', { default: 'Keep' }),
    claimToHeaders,
    cacheDuration: Type.Optional(
      duration(
        'How long an answer is used, 0s to 1h and never past `exp`; a revoked token passes as long. Absent: 1m.',
      ),
    ),
    timeout: Type.Optional(duration('How long an answer may take, 100ms to 30s; absent: 5s.')),
  },
  { description: 'Opaque tokens that an authorization server knows (RFC 7662). Claims: what it answers.' },
);

export type IntrospectionSpec = ValueOf<typeof introspectionSchema>;
