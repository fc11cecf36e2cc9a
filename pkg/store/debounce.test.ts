/** A task runs when things are quiet, and in any case after the maximum. */
import { expect, test } from '@jest/globals';
import { FakeClock } from './clock.testing.ts';
import { createDebounce } from './debounce.ts';

function setUp() {
  const clock = new FakeClock();
  const runs: number[] = [];
  const debounce = createDebounce({ quiet: 10, max: 100, clock }, () => runs.push(clock.now()));
  return { clock, runs, debounce };
}

test('one trigger runs the task once, after the quiet time', () => {
  const { clock, runs, debounce } = setUp();
  debounce.trigger();
  clock.advance(9);
  expect(runs).toEqual([]);
  clock.advance(500);
  expect(runs).toEqual([10]);
});

test('triggers close together run it once, after the last', () => {
  const { clock, runs, debounce } = setUp();
  for (let i = 0; i < 5; i++) {
    debounce.trigger();
    clock.advance(5);
  }
  clock.advance(500);
  expect(runs).toEqual([30]);
});

test('a storm runs it at the maximum, again and again', () => {
  const { clock, runs, debounce } = setUp();
  for (let i = 0; i < 250; i++) {
    debounce.trigger();
    clock.advance(1);
  }
  expect(runs).toEqual([100, 200]);
});

test('a burst has one timer, and close ends it', () => {
  const { clock, runs, debounce } = setUp();
  for (let i = 0; i < 50; i++) debounce.trigger();
  expect(clock.waiting).toBe(1);
  debounce.close();
  debounce.trigger();
  clock.advance(500);
  expect([runs, clock.waiting]).toEqual([[], 0]);
});
