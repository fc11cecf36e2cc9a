/** What becomes an Event, and what does not. */
import { describe, expect, test } from '@jest/globals';
import type { Problem } from './problem.ts';
import type { Condition, ObjectStatus } from './status.ts';
import { newsOf, standingOf } from './transitions.ts';

const missing: Problem = {
  path: 'spec.rules[0].backendRefs[0]',
  reason: 'BackendNotFound',
  message: 'Service shop/orders not found',
};

function condition(type: string, status: Condition['status'], reason: string = type): Condition {
  return { type, status, reason, message: `${type} is ${status}`, observedGeneration: 1 };
}

function object(kind: string, status: ObjectStatus['status'], problems: readonly Problem[] = []) {
  return standingOf({ ref: { group: '', kind, namespace: 'shop', name: 'one' }, generation: 1, status, problems });
}

function route(conditions: readonly Condition[], problems: readonly Problem[] = []) {
  return object('HTTPRoute', { parents: [{ parentRef: { name: 'gw', sectionName: 'http' }, conditions }] }, problems);
}

function told(...args: Parameters<typeof newsOf>): readonly string[] {
  return newsOf(...args).map(({ type, reason, message }) => `${type} ${reason} ${message}`);
}

const accepted = [condition('Accepted', 'True'), condition('ResolvedRefs', 'True')];

describe('acceptance', () => {
  test('is news of a new object and of one that was refused, and names the parent', () => {
    const line = 'Normal Accepted Gateway shop/gw http: Accepted is True';
    expect(told(undefined, route(accepted), true)).toEqual([line]);
    expect(told(route([condition('Accepted', 'False', 'NoMatchingParent')]), route(accepted), false)).toEqual([line]);
  });

  test('is none of an old object to a new leader, nor when only its message changes', () => {
    const other = accepted.map((each) => ({ ...each, message: 'other' }));
    expect(told(undefined, route(accepted), false)).toEqual([]);
    expect(told(route(accepted), route(other), true)).toEqual([]);
  });

  test('of an Ingress is that nothing is wrong with it', () => {
    const served = object('Ingress', { loadBalancer: {} });
    expect(told(object('Ingress', { loadBalancer: {} }, [missing]), served, false)).toEqual([
      'Normal Accepted every rule is served',
    ]);
    expect(told(undefined, object('Ingress', {}), true)).toEqual([]);
  });
});

describe('problems', () => {
  const line = 'Warning BackendNotFound spec.rules[0].backendRefs[0]: Service shop/orders not found';
  const unresolved = [condition('Accepted', 'True'), condition('ResolvedRefs', 'False', 'BackendNotFound')];

  test('are told once, and instead of the condition that sums them up', () => {
    const now = route(unresolved, [missing]);
    expect(told(route(accepted), now, false)).toEqual([line]);
    expect(told(now, now, false)).toEqual([]);
  });

  test('stand for a new leader, which tells them again', () => {
    expect(told(undefined, route(unresolved, [missing]), false)).toEqual([line]);
  });

  test('a refusal without a problem is told by its condition', () => {
    const now = route([condition('Accepted', 'False', 'NotAllowedByListeners')]);
    expect(told(route(accepted), now, false)).toEqual([
      'Warning NotAllowedByListeners Gateway shop/gw http: Accepted is False',
    ]);
  });
});

test('not to be programmed yet is no news, not to be any more is', () => {
  const gateway = (status: Condition['status'], reason: string) =>
    object('Gateway', { conditions: [condition('Programmed', status, reason)] });
  const pending = gateway('False', 'AddressNotAssigned');
  const programmed = gateway('True', 'Programmed');
  expect(told(undefined, pending, true)).toEqual([]);
  expect(told(pending, programmed, false)).toEqual(['Normal Programmed Programmed is True']);
  expect(told(programmed, pending, false)).toEqual(['Warning AddressNotAssigned Programmed is False']);
  expect(told(programmed, gateway('Unknown', 'Pending'), false)).toEqual([]);
});
