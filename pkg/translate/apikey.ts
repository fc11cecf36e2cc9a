/** Processor: the statuses of APIKeys, whether a policy selects them or not. Which keys are active now is added by `status/keytimes.ts`. */
import { refOf } from '../api/object.ts';
import { Conditions } from './condition.ts';
import type { Context } from './context.ts';

export function translateAPIKeys(context: Context): void {
  for (const apiKey of context.list('APIKey')) {
    const { generation } = apiKey.metadata;
    context.addStatus(
      context.translate(
        apiKey,
        () => ({
          ref: refOf(apiKey),
          generation,
          status: {
            observedGeneration: generation,
            conditions: [new Conditions(generation).yes('Accepted', 'policies of this namespace may select it')],
          },
          problems: [],
        }),
        'status',
      ),
    );
  }
}
