/** What is told while an acknowledgement is overdue. */
import { expect, test } from '@jest/globals';
import { pendingStatuses } from './pending.ts';
import type { ObjectStatus } from './status.ts';

function status(kind: string, conditions: readonly object[]): ObjectStatus {
  const ref = { group: '', kind, namespace: 'shop', name: 'one' };
  return { ref, generation: 1, status: { parents: [{ conditions }] }, problems: [] };
}

test('Gateways are left out, Programmed is Unknown at any depth, all else stays', () => {
  const conditions = [
    { type: 'Accepted', status: 'True', reason: 'Accepted' },
    { type: 'Programmed', status: 'True', reason: 'Programmed' },
  ];
  const [pending, ...others] = pendingStatuses([status('Gateway', conditions), status('GatewayRoute', conditions)]);
  expect(others).toEqual([]);
  expect(pending?.status).toMatchObject({
    parents: [{ conditions: [conditions[0], { type: 'Programmed', status: 'Unknown', reason: 'Pending' }] }],
  });
});

test('what is already known not to be programmed is said', () => {
  const conditions = [{ type: 'Programmed', status: 'False', reason: 'Invalid' }];
  expect(pendingStatuses([status('GatewayRoute', conditions)])[0]?.status).toEqual({ parents: [{ conditions }] });
});
