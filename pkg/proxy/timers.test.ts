import { describe, expect, test } from '@jest/globals';
import { type Alarm, TimerEntry, Timers } from './timers.ts';

class Clock implements Alarm {
  time = 5;
  at = Number.POSITIVE_INFINITY;
  rings = 0;
  ring: () => void = () => {};

  set(ms: number, ring: () => void): void {
    this.at = this.time + ms;
    this.ring = ring;
  }

  clear(): void {
    this.at = Number.POSITIVE_INFINITY;
  }

  advance(ms: number): void {
    const end = this.time + ms;
    while (this.at <= end) {
      this.time = this.at;
      this.at = Number.POSITIVE_INFINITY;
      this.rings++;
      this.ring();
    }
    this.time = end;
  }
}

class Entry extends TimerEntry {
  readonly fired: number[] = [];
  readonly clock: Clock;
  after: (() => void) | undefined;

  constructor(clock: Clock) {
    super();
    this.clock = clock;
  }

  override onTimeout(): void {
    this.fired.push(this.clock.time);
    this.after?.();
  }
}

/** Turns a loop that would never end into an error. */
function watch(entry: Entry): void {
  let [deadline, reads, time] = [0, 0, 0];
  Object.defineProperty(entry, 'deadline', {
    set(value: number) {
      deadline = value;
    },
    get() {
      if (entry.clock.time !== time) reads = 0;
      time = entry.clock.time;
      if (++reads > 1000) throw new Error('looked at for ever');
      return deadline;
    },
  });
}

const setup = () => {
  const clock = new Clock();
  return { clock, timers: new Timers(() => clock.time, clock), entry: new Entry(clock) };
};

describe('Timers', () => {
  test.each([0, 1, 9, 10, 11, 999, 2530, 2540, 2541, 2560, 15_000, 60_000, 254_000, 300_000, 86_400_000])(
    'fires %d ms later, never early and at most 20 ms late',
    (ms) => {
      const { clock, timers, entry } = setup();
      timers.schedule(entry, ms);
      clock.advance(ms + 40);
      expect(entry.fired).toHaveLength(1);
      expect(entry.fired[0]).toBeGreaterThanOrEqual(5 + ms);
      expect(entry.fired[0]).toBeLessThanOrEqual(5 + ms + 20);
      expect(timers.size).toBe(0);
    },
  );

  test('a cancelled entry never fires, and an empty wheel runs no timer', () => {
    const { clock, timers, entry } = setup();
    timers.schedule(entry, 100);
    timers.schedule(new Entry(clock), 50);
    timers.cancel(entry);
    timers.cancel(entry);
    clock.advance(10_000);
    expect(entry.fired).toEqual([]);
    const before = clock.rings;
    clock.advance(100_000);
    expect(clock.rings).toBe(before);
  });

  test('scheduling again replaces the deadline, later and earlier', () => {
    const { clock, timers, entry } = setup();
    timers.schedule(entry, 1000);
    clock.advance(900);
    timers.schedule(entry, 5000);
    clock.advance(4990);
    expect(entry.fired).toEqual([]);
    timers.schedule(entry, 20_000);
    timers.schedule(entry, 30);
    clock.advance(50);
    expect(entry.fired).toHaveLength(1);
  });

  test('an entry may schedule itself, cancel others and close everything while it fires', () => {
    const { clock, timers, entry } = setup();
    const victim = new Entry(clock);
    timers.schedule(entry, 10);
    timers.schedule(victim, 10);
    entry.after = () => {
      timers.cancel(victim);
      if (entry.fired.length < 3) timers.schedule(entry, 0);
      else timers.close();
    };
    clock.advance(1000);
    expect(entry.fired).toHaveLength(3);
    expect(victim.fired).toEqual([]);
    timers.schedule(victim, 1);
    clock.advance(1000);
    expect(victim.fired).toEqual([]);
  });

  test('after a stall of an hour everything due fires once', () => {
    const { clock, timers } = setup();
    const entries = Array.from({ length: 500 }, () => new Entry(clock));
    entries.forEach((each, i) => timers.schedule(each, i * 700));
    clock.time += 3_600_000;
    clock.at = clock.time;
    clock.advance(3000);
    expect(entries.map((each) => each.fired.length)).toEqual(entries.map(() => 1));
  });

  // A worker hung for ever: an entry whose deadline had been pushed back by nearly a turn of the wheel went back into the slot it came from.
  test('an alarm that rings late does not look at one entry again and again', () => {
    const { clock, timers, entry } = setup();
    watch(entry);
    timers.schedule(entry, 100);
    timers.schedule(entry, 2660);
    clock.time += 150;
    clock.at = clock.time;
    clock.advance(2500);
    expect(entry.fired).toEqual([]);
    clock.advance(50);
    expect(entry.fired).toHaveLength(1);
  });

  test('whatever is scheduled, pushed back and cancelled between whatever stalls fires once, never early', () => {
    const { clock, timers } = setup();
    let seed = 1;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const entries = Array.from({ length: 200 }, () => new Entry(clock));
    const due = new Map<Entry, number>();
    for (const entry of entries) {
      watch(entry);
      entry.after = () => {
        expect(clock.time).toBeGreaterThanOrEqual(due.get(entry) ?? Number.POSITIVE_INFINITY);
        due.delete(entry);
      };
    }
    for (let step = 0; step < 5000; step++) {
      const entry = entries[random(entries.length)]!;
      const ms = random(10) === 0 ? random(400_000) : random(6000);
      if (random(20) === 0) {
        timers.cancel(entry);
        due.delete(entry);
      } else {
        timers.schedule(entry, ms);
        due.set(entry, clock.time + ms);
      }
      if (random(10) > 0) clock.advance(random(40));
      else {
        clock.time += random(3000);
        clock.at = Math.max(clock.at, clock.time);
      }
    }
    clock.advance(400_100);
    expect([due.size, timers.size]).toEqual([0, 0]);
  });

  test('the system timer works too', async () => {
    const timers = new Timers();
    await new Promise<void>((done) => {
      timers.schedule(
        new (class extends TimerEntry {
          override onTimeout = done;
        })(),
        20,
      );
    });
    expect(timers.size).toBe(0);
    timers.close();
  });
});
