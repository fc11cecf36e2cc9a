import { closeSync, openSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Descriptors } from './descriptors.ts';

describe('the descriptors of the process', () => {
  test.each([
    [1_000, 899, true, true],
    [1_000, 900, false, true],
    [1_000, 969, false, true],
    [1_000, 970, false, false],
    [1_000, Number.MAX_SAFE_INTEGER, false, false],
    [0, 1_000_000, true, true],
  ])('of %d with %d in use: room for a client %p, for a backend %p', (limit, lowest, client, backend) => {
    const descriptors = new Descriptors(limit, () => lowest);
    expect([descriptors.haveClientRoom(), descriptors.haveBackendRoom()]).toEqual([client, backend]);
  });

  test('are asked for seldom while many are left and each time when few are', () => {
    let asked = 0;
    let lowest = 100;
    const descriptors = new Descriptors(10_000, () => {
      asked++;
      return lowest;
    });
    for (; lowest < 1_000; lowest++) descriptors.haveClientRoom();
    expect(asked).toBeLessThanOrEqual(3);
    let taken = 0;
    for (; descriptors.haveClientRoom(); lowest++) taken++;
    // Nobody else took any: not one beyond nine tenths.
    expect(lowest).toBe(9_000);
    expect(taken).toBe(8_000);
    asked = 0;
    for (let i = 0; i < 10; i++) descriptors.haveClientRoom();
    expect(asked).toBe(10);
  });

  test('are asked for each time once they have been few: a low number that is given back is one, not room for many', () => {
    let lowest = 899;
    const descriptors = new Descriptors(1_000, () => lowest);
    descriptors.haveClientRoom();
    lowest = 10;
    expect(descriptors.haveClientRoom()).toBe(true);
    lowest = 980;
    expect([descriptors.haveClientRoom(), descriptors.haveBackendRoom()]).toEqual([false, false]);
  });

  test('never run out while fifteen other threads take as many', () => {
    let lowest = 100;
    const descriptors = new Descriptors(10_000, () => lowest);
    while (descriptors.haveClientRoom()) lowest += 16;
    expect(lowest).toBeLessThan(9_000 + 16);
  });

  test('are counted by the system, whoever has them', () => {
    const lowest = openSync('/dev/null', 'r');
    closeSync(lowest);
    const limit = Math.ceil((lowest + 10) / 0.9);
    const opened: number[] = [];
    const descriptors = new Descriptors(limit);
    expect(descriptors.haveClientRoom()).toBe(true);
    while (descriptors.haveClientRoom() && opened.length < 100) opened.push(openSync('/dev/null', 'r'));
    const { length } = opened;
    for (const descriptor of opened) closeSync(descriptor);
    expect(length).toBeGreaterThan(0);
    expect(length).toBeLessThanOrEqual(11);
    expect(descriptors.haveClientRoom()).toBe(true);
  });
});
