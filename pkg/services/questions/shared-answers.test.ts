import { expect, test } from '@jest/globals';
import { FakeClock } from '../../store/clock.testing.ts';
import { createSharedAnswers } from './shared-answers.ts';

test('one answer for all who ask the same, for a while', async () => {
  const clock = new FakeClock();
  const answers = createSharedAnswers<number>(clock);
  let asked = 0;
  const ask = async () => ++asked;
  expect(await Promise.all([answers.run('a', ask), answers.run('a', ask), answers.run('b', ask)])).toEqual([1, 1, 2]);
  clock.advance(9999);
  expect(await answers.run('a', ask)).toBe(1);
  clock.advance(1);
  expect(await answers.run('a', ask)).toBe(3);
});

test('a failure is for those who wait for it, and not kept', async () => {
  const answers = createSharedAnswers<number>(new FakeClock());
  const failing = () => Promise.reject(new Error('gone'));
  const waiting = [answers.run('a', failing), answers.run('a', async () => 1)];
  for (const one of waiting) await expect(one).rejects.toThrow('gone');
  expect(await answers.run('a', async () => 2)).toBe(2);
});

test('of very many the oldest is given up', async () => {
  const answers = createSharedAnswers<number>(new FakeClock());
  for (let i = 0; i <= 1000; i++) await answers.run(String(i), async () => i);
  expect(await answers.run('0', async () => -1)).toBe(-1);
  expect(await answers.run('1000', async () => -1)).toBe(1000);
});
