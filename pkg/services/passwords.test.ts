import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { hashSync } from 'bcryptjs';
import { FakeClock } from '../store/clock.testing.ts';
import { createPasswords, type Passwords } from './passwords.ts';

const hash = hashSync('opensesame', 4);
const { signal } = new AbortController();
const question = (password: string) => ({ hash, password });

let clock: FakeClock;
let passwords: Passwords;
beforeEach(() => {
  clock = new FakeClock();
  passwords = createPasswords({ entry: new URL('./password-thread.ts', import.meta.url), clock });
});
afterEach(() => passwords.close());

describe('passwords', () => {
  test('are compared in order, each with its own answer', async () => {
    const words = ['opensesame', 'opensesamé', '', 'opensesame'];
    const answers = await Promise.all(words.map((word) => passwords.matches(question(word), signal)));
    expect(answers).toEqual([true, false, false, true]);
  });

  test('that are too many are refused at once, and the others answered', async () => {
    const asked = Array.from({ length: 34 }, () => passwords.matches(question('opensesame'), signal));
    const results = await Promise.allSettled(asked);
    expect(results.map(({ status }) => status)).toEqual([...Array<string>(33).fill('fulfilled'), 'rejected']);
  });

  test('that nobody waits for are not compared', async () => {
    const first = passwords.matches(question('opensesame'), signal);
    const gone = new AbortController();
    const second = passwords.matches(question('opensesame'), gone.signal);
    gone.abort();
    await expect(second).rejects.toThrow('nobody waits');
    expect(await first).toBe(true);
    expect(await passwords.matches(question('x'), signal)).toBe(false);
  });

  test('with a hash that is none fail, and the next is answered by a new thread', async () => {
    await expect(passwords.matches({ hash: 5 as never, password: 'a' }, signal)).rejects.toThrow('not a function');
    expect(await passwords.matches(question('opensesame'), signal)).toBe(true);
  });

  test('end their thread when nobody asks, and start it again', async () => {
    expect(await passwords.matches(question('opensesame'), signal)).toBe(true);
    expect(clock.waiting).toBe(1);
    clock.advance(60_000);
    expect(clock.waiting).toBe(0);
    expect(await passwords.matches(question('opensesame'), signal)).toBe(true);
  });

  test('are rejected when the gateway stops', async () => {
    const asked = [passwords.matches(question('a'), signal), passwords.matches(question('b'), signal)];
    passwords.close();
    for (const one of asked) await expect(one).rejects.toThrow('the gateway stops');
  });
});
