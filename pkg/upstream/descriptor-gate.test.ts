import { describe, expect, test } from '@jest/globals';
import { Descriptors } from '../proxy/descriptors.ts';
import { Timers } from '../proxy/timers.ts';
import { DescriptorGate } from './descriptor-gate.ts';

/** A process of 100 descriptors whose use, time and alarm the test sets. */
function setup(inUse: number) {
  const world = { time: 0, lowest: inUse, waits: 0, shortages: 0, ring: (): void => {}, log: [] as string[] };
  const timers = new Timers(() => world.time, { set: (_, ring) => (world.ring = ring), clear() {} });
  const gate = new DescriptorGate(
    new Descriptors(100, () => world.lowest),
    timers,
    () => void world.waits++,
    () => void world.shortages++,
  );
  const pass = (name: string, ms: number, wanted?: () => boolean): void =>
    gate.pass(
      ms,
      (left) => {
        world.lowest++;
        world.log.push(`${name} goes with ${left} ms`);
      },
      (why) => world.log.push(`${name} gives up: ${why}`),
      wanted,
    );
  const advance = (ms: number): void => {
    world.time += ms;
    world.ring();
  };
  return { world, pass, advance };
}

describe('a connection to a backend', () => {
  test('is opened at once where there is room', () => {
    const { world, pass } = setup(95);
    pass('a', 1_000);
    expect([world.log, world.waits]).toEqual([['a goes with 1000 ms'], 0]);
  });

  test('waits where there is none, and each is opened in its turn as room appears', () => {
    const { world, pass, advance } = setup(97);
    pass('a', 1_000);
    pass('b', 1_000);
    advance(100);
    expect([world.log, world.waits, world.shortages]).toEqual([[], 2, 1]);
    world.lowest = 96;
    advance(100);
    expect(world.log).toEqual(['a goes with 800 ms']);
    pass('c', 1_000);
    world.lowest = 90;
    advance(100);
    expect(world.log.slice(1)).toEqual(['b goes with 700 ms', 'c goes with 900 ms']);
    expect([world.waits, world.shortages]).toEqual([3, 2]);
  });

  test('is given up at its timeout; the others go on waiting', () => {
    const { world, pass, advance } = setup(99);
    pass('a', 500);
    pass('b', 1_000);
    advance(600);
    expect(world.log).toEqual(['a gives up: overloaded']);
    world.lowest = 50;
    advance(100);
    expect(world.log).toEqual(['a gives up: overloaded', 'b goes with 300 ms']);
  });

  test('is not opened when nobody wants it any more', () => {
    const { world, pass, advance } = setup(99);
    let wanted = true;
    pass('a', 1_000, () => wanted);
    pass('b', 1_000);
    wanted = false;
    world.lowest = 96;
    advance(100);
    expect(world.log).toEqual(['a gives up: unwanted', 'b goes with 900 ms']);
  });
});
