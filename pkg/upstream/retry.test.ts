import { describe, expect, test } from '@jest/globals';
import { backoff, isIdempotent, retriesFailure, retriesStatus } from './retry.ts';

const retry = { attempts: 2, codes: [500, 503], backoff: 100 };

describe('retries', () => {
  test.each([
    [retry, 0, 'connect-failed', true, true],
    [retry, 1, 'upstream-reset', true, true],
    [retry, 2, 'upstream-reset', true, false],
    [retry, 0, 'upstream-reset', false, false],
    [retry, 0, 'upstream-timeout', true, true],
    [retry, 0, 'overloaded', true, false],
    [retry, 0, 'egress-denied', true, false],
    [retry, 0, 'upstream-invalid', true, true],
    [retry, 0, 'upstream-invalid', false, false],
    [retry, 0, 'upstream-tls', true, false],
    [undefined, 0, 'connect-failed', true, false],
  ] as const)('%j after %d, %s, untouched %s: %s', (rule, made, code, untouched, expected) => {
    expect(retriesFailure(rule, made, code, untouched)).toBe(expected);
  });

  test.each([
    [0, 503, true],
    [1, 500, true],
    [2, 503, false],
    [0, 502, false],
  ])('after %d, status %d: %s', (made, status, expected) => {
    expect(retriesStatus(retry, made, status)).toBe(expected);
    expect(retriesStatus(undefined, made, status)).toBe(false);
  });

  test.each([
    [0, 0, 50],
    [0, 0.5, 75],
    [1, 0, 100],
    [3, 0.999, 799.6],
    [40, 0, 5000],
  ])('the wait after %d retries at %d of the jitter is %d ms', (made, random, expected) => {
    expect(backoff(retry, made, random)).toBeCloseTo(expected, 1);
  });

  test('methods', () => {
    expect(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'].every(isIdempotent)).toBe(true);
    expect(['POST', 'PATCH', 'CONNECT', 'get', 'QUERY'].some(isIdempotent)).toBe(false);
  });
});
