/** The pace of many requests. */
import { expect, test } from '@jest/globals';
import { FakeClock } from '../store/clock.testing.ts';
import { KubeError } from './api.ts';
import { Throttle } from './throttle.ts';

function setUp() {
  const clock = new FakeClock();
  return { clock, throttle: new Throttle(2, 10, { clock, random: () => 1 }) };
}

test('so many at once, then one in so many ms', () => {
  const { clock, throttle } = setUp();
  expect([throttle.take(), throttle.take(), throttle.take()]).toEqual([0, 0, 10]);
  clock.advance(10);
  expect([throttle.take(), throttle.take()]).toEqual([0, 10]);
});

test.each([
  [0, 0, 200],
  [503, 0, 200],
  [429, 3, 3_000],
])('after %i with Retry-After %i nothing is sent for %i ms, however many fail at once', (code, retryAfter, rest) => {
  const { clock, throttle } = setUp();
  for (let i = 0; i < 5; i++) throttle.failed(new KubeError('no', { code, retryAfter }));
  expect(throttle.take()).toBe(rest);
  clock.advance(rest);
  expect(throttle.take()).toBe(0);
});

test('rests grow up to 5 s, and are short again after a success', () => {
  const { clock, throttle } = setUp();
  const away = new KubeError('no answer', { code: 0 });
  const rests = Array.from({ length: 7 }, () => {
    throttle.failed(away);
    const rest = throttle.take();
    clock.advance(rest);
    return rest;
  });
  expect(rests).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  throttle.succeeded();
  throttle.failed(away);
  expect(throttle.take()).toBe(200);
});

test.each([400, 403, 404, 409, 422, 500])('what is wrong with one object (%i) keeps nobody else', (code) => {
  const { throttle } = setUp();
  throttle.failed(new KubeError('no', { code }));
  expect(throttle.take()).toBe(0);
});
