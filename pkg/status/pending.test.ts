/** What is told while an acknowledgement is overdue. */
import { expect, test } from '@jest/globals';
import { pendingStatuses, withPending } from './pending.ts';
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

test('rules, readiness and columns of a GatewayRoute say the same', () => {
  const status = {
    conditions: [{ type: 'Ready', status: 'True', reason: 'Ready' }],
    rules: [
      { index: 0, state: 'Programmed', reason: 'Programmed', message: 'served' },
      { index: 1, state: 'Degraded', reason: 'BackendNotFound', message: 'not found' },
    ],
    summary: { accepted: 'True', programmed: 'True', rules: '1/2' },
  };
  expect(withPending(status, 'pod-2 is behind')).toEqual({
    conditions: [{ type: 'Ready', status: 'Unknown', reason: 'Pending', message: 'pod-2 is behind' }],
    rules: [{ index: 0, state: 'Pending', reason: 'Pending', message: 'pod-2 is behind' }, status.rules[1]],
    summary: { accepted: 'True', programmed: 'Unknown', rules: '1/2' },
  });
});
