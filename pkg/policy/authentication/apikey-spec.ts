/** What users write under `apiKey`. */
import { Type } from 'typebox';
import { celRules, choice, duration, textMap, type ValueOf } from '../../api/schema.ts';
import { claimToHeaders, extractFrom, forward, scopeList } from './credential-spec.ts';

export const apiKeySchema = Type.Object(
  {
    source: choice(['Objects', 'Redis'], 'Where keys are: APIKey objects for thousands, Redis for millions.', {
      default: 'Objects',
    }),
    selector: Type.Optional(
      Type.Object(
        { matchLabels: Type.Optional(textMap(63, 'Labels that the APIKeys must have, each of them; absent: any.')) },
        { description: 'Which APIKeys of the namespace of the policy are accepted.' },
      ),
    ),
    redis: Type.Optional(
      Type.Object(
        {
          cacheDuration: Type.Optional(
            duration(
              'How long a key is known without asking again, 0s to 1h; a revoked one is told at once. Absent: 1m.',
            ),
          ),
          maxStale: Type.Optional(
            duration('How much longer while Redis does not answer, 0s to 24h; then requests are 503. Absent: 5m.'),
          ),
        },
        { description: 'How keys in the Redis of the GatewayClassConfig (dataPlane.redis) are remembered.' },
      ),
    ),
    requiredScopes: scopeList('Scopes that a key must have, each of them.'),
    extractFrom,
    forward,
    claimToHeaders,
  },
  {
    description:
      'API keys, of which only hashes are kept. Without extractFrom: header x-api-key. Claims: sub, scope, metadata.',
    ...celRules(
      {
        rule: "(self.source == 'Objects') == has(self.selector)",
        message: 'selector must be set when source is Objects, and only then',
      },
      { rule: "self.source == 'Redis' || !has(self.redis)", message: 'redis is read when source is Redis only' },
    ),
  },
);

export type ApiKeySpec = ValueOf<typeof apiKeySchema>;
