import { expect, test } from '@jest/globals';
import { validateObject } from '../api/validate.ts';
import { policyKeys } from '../policy/order.ts';
import { goldenOptions, storeOf } from '../testkit/golden.ts';
import { translate } from './translate.ts';

test.each(policyKeys.map((key) => [key]))('%s: mode: Disabled alone is no mistake', (key) => {
  const result = validateObject({
    apiVersion: 'gateway.suuupra.io/v1alpha1',
    kind: 'GatewayPolicy',
    metadata: { name: 'off', namespace: 'shop' },
    spec: {
      ...(key === 'client' && {
        targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public' }],
      }),
      policies: { [key]: { mode: 'Disabled' } },
    },
  });
  if (!('object' in result)) throw new Error(JSON.stringify(result));
  const { statuses } = translate(storeOf([result.object]).snapshot(), goldenOptions);
  const problems = statuses.flatMap((status) => status.problems).filter(({ reason }) => reason !== 'TargetNotFound');
  expect(problems).toEqual([]);
});
