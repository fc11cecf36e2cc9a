/** Who looks at a GatewayClass reads that objects vanished. */
import { expect, test } from '@jest/globals';
import { validateObject } from '../api/validate.ts';
import { storeOf } from '../testkit/golden.ts';
import { heldEvents } from './held.ts';

function gatewayClass(name: string, controllerName: string, uid?: string) {
  const result = validateObject({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name, ...(uid !== undefined && { uid }) },
    spec: { controllerName },
  });
  if (!('object' in result)) throw new Error(JSON.stringify(result));
  return result.object;
}

test('every class of ours is told when objects are held, and when they are no more', () => {
  const controllerName = 'example.com/ours';
  const snapshot = storeOf([
    gatewayClass('a', controllerName, 'u1'),
    gatewayClass('assumed', controllerName),
    gatewayClass('b', 'example.com/theirs', 'u2'),
  ]).snapshot();
  const told = heldEvents({ held: new Map([['HTTPRoute', 3]]), hold: 30_000, snapshot, controllerName });
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({ subject: { name: 'a', uid: 'u1' }, type: 'Warning', reason: 'MassDeleteHeld' });
  expect(told[0]?.message).toMatch(/3 of kind HTTPRoute.*30 s/);
  expect(heldEvents({ held: new Map(), hold: 30_000, snapshot, controllerName })).toMatchObject([{ type: 'Normal' }]);
  expect(heldEvents({ held: new Map(), hold: 30_000, snapshot: undefined, controllerName })).toEqual([]);
});
