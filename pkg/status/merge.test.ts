/** What is written onto what stands. */
import { expect, test } from '@jest/globals';
import { mergePatch } from '../testkit/apiserver.ts';
import { mergeStatus } from './merge.ts';

const controller = 'gateway.suuupra.io/controller';
const condition = (type: string, status = 'True') => ({ type, status, reason: type, message: '' });

/** As the API server has it after the patch. */
function written(standing: Readonly<Record<string, unknown>> | undefined, ours: Readonly<Record<string, unknown>>) {
  const merged = mergeStatus(standing, ours, controller);
  return merged === undefined ? standing : mergePatch(standing ?? {}, merged.patch);
}

test('conditions of others stay, ours that no longer hold go', () => {
  const standing = {
    conditions: [condition('Accepted'), condition('InsecureFrontendValidationMode'), condition('example.com/Audited')],
    addresses: [{ value: '10.0.0.1' }],
  };
  const ours = { conditions: [condition('Accepted'), condition('Programmed')], addresses: [] };
  expect(written(standing, ours)).toEqual({
    conditions: [condition('example.com/Audited'), condition('Accepted'), condition('Programmed')],
    addresses: [],
  });
});

test('fields inside of fields go, too: a merge patch takes away only what it calls null', () => {
  const standing = { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } };
  expect(written(standing, { loadBalancer: {} })).toEqual({ loadBalancer: {} });
  const summary = { observedGeneration: 1, summary: { accepted: 'True', reason: 'pay: BackendNotFound' } };
  expect(written(summary, { observedGeneration: 2, summary: { accepted: 'True' } })).toEqual({
    observedGeneration: 2,
    summary: { accepted: 'True' },
  });
});

test('a GatewayRoute that lost its parents keeps nothing of what was said; an HTTPRoute has only its entries', () => {
  const standing = {
    observedGeneration: 1,
    conditions: [condition('Accepted')],
    rules: [{ index: 0 }],
    parents: [{ parentRef: { name: 'gw' }, controllerName: controller, conditions: [] }],
  };
  expect(written(standing, { observedGeneration: 2, parents: [] })).toEqual({ observedGeneration: 2, parents: [] });
  const { observedGeneration: _, ...foreign } = standing;
  expect(written(foreign, { parents: [] })).toEqual({ ...foreign, parents: [] });
});

test('what says the same in another order is not written, nor nothing onto nothing', () => {
  const standing = { parents: [{ controllerName: controller, parentRef: { namespace: 'a', name: 'gw' } }] };
  const ours = { parents: [{ parentRef: { name: 'gw', namespace: 'a' }, controllerName: controller }] };
  expect(mergeStatus(standing, ours, controller)).toBeUndefined();
  expect(mergeStatus(undefined, { parents: [] }, controller)).toBeUndefined();
});
