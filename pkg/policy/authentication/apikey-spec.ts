/** What users write under `apiKey`. */
import { Type } from 'typebox';
import { textMap, type ValueOf } from '../../api/schema.ts';
import { claimToHeaders, extractFrom, forward, scopeList } from './credential-spec.ts';

export const apiKeySchema = Type.Object(
  {
    selector: Type.Object(
      { matchLabels: Type.Optional(textMap(63, 'Labels that the APIKeys must have, each of them; absent: any.')) },
      { description: 'Which APIKeys of the namespace of the policy are accepted.' },
    ),
    requiredScopes: scopeList('Scopes that a key must have, each of them.'),
    extractFrom,
    forward,
    claimToHeaders,
  },
  {
    description:
      'API keys, as APIKey objects hold them. Without extractFrom: header x-api-key. Claims: sub, scope, metadata.',
  },
);

export type ApiKeySpec = ValueOf<typeof apiKeySchema>;
