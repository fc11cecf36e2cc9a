/**
 * Timers of one worker: thousands of deadlines on two wheels behind one system timer, without an allocation per schedule.
 * Used by the exchange (request and backend timeouts), by connections (idle, header) and by upstream pools.
 */

/** A deadline: extend it, or keep one in a field. It is in at most one wheel at a time, and may be scheduled again and again. */
export abstract class TimerEntry {
  /** Links of the slot it waits in; owned by Timers. */
  next: TimerEntry | null = null;
  previous: TimerEntry | null = null;
  deadline = 0;
  coarse = false;
  abstract onTimeout(): void;
}

/** The system timer behind the wheels; replaced in tests. */
export interface Alarm {
  set(ms: number, ring: () => void): void;
  clear(): void;
}

const FineMs = 10;
const CoarseMs = 1000;
const Slots = 256;
/** Less than one turn of the wheel. */
const FineRange = FineMs * (Slots - 2);
const CoarseRange = CoarseMs * (Slots - 2);

class Slot extends TimerEntry {
  constructor() {
    super();
    this.next = this;
    this.previous = this;
  }

  override onTimeout(): void {}
}

const wheel = (): readonly Slot[] => Array.from({ length: Slots }, () => new Slot());

export class Timers {
  readonly #fine = wheel();
  readonly #coarse = wheel();
  /** What the slot held that is being emptied. */
  readonly #due = new Slot();
  readonly #now: () => number;
  readonly #alarm: Alarm;
  readonly #ring = (): void => this.#run();
  #fineCount = 0;
  #coarseCount = 0;
  /** Ticks up to and with this one have been run. */
  #fineTick = 0;
  #coarseTick = 0;
  /** When the alarm will ring; Infinity if it is off. */
  #rings = Number.POSITIVE_INFINITY;
  #closed = false;
  /** The moment of the event that is being handled; 0 between events. */
  #turn = 0;

  /** @param now monotonic milliseconds */
  constructor(now: () => number = () => performance.now(), alarm: Alarm = new SystemAlarm()) {
    this.#now = now;
    this.#alarm = alarm;
  }

  /** Monotonic milliseconds. Within a turn always the same: a reading takes 40 ns, and a request would take nine of them. */
  now(): number {
    return this.#turn === 0 ? this.#now() : this.#turn;
  }

  /** Begins a turn: what one event of the transport brings happens at one moment. Always in pairs with `endTurn`. */
  beginTurn(): void {
    this.#turn = this.#now();
  }

  endTurn(): void {
    this.#turn = 0;
  }

  /** `entry.onTimeout()` runs once, at the earliest after `ms`, about 10 ms late at most. Scheduling it again replaces the deadline. */
  schedule(entry: TimerEntry, ms: number): void {
    if (this.#closed) return;
    const now = this.now();
    const deadline = now + Math.max(ms, 0);
    // A deadline pushed back keeps its place and is looked at again there: the usual life of an idle timeout costs one assignment.
    if (entry.next !== null && deadline >= entry.deadline) {
      entry.deadline = deadline;
      return;
    }
    this.cancel(entry);
    entry.deadline = deadline;
    this.#insert(entry, now);
    this.#arm(now);
  }

  cancel(entry: TimerEntry): void {
    const { next, previous } = entry;
    if (next === null || previous === null) return;
    previous.next = next;
    next.previous = previous;
    entry.next = null;
    entry.previous = null;
    if (entry.coarse) this.#coarseCount--;
    else this.#fineCount--;
  }

  /** Entries that wait, for tests and metrics. */
  get size(): number {
    return this.#fineCount + this.#coarseCount;
  }

  /** Forgets every entry; nothing fires any more. */
  close(): void {
    this.#closed = true;
    this.#alarm.clear();
    for (const slot of [...this.#fine, ...this.#coarse, this.#due])
      while (slot.next !== slot) this.cancel(slot.next as TimerEntry);
  }

  #insert(entry: TimerEntry, now: number): void {
    // An empty wheel stands still; it is set to the present before it is used again.
    if (this.#fineCount === 0) this.#fineTick = Math.floor(now / FineMs);
    if (this.#coarseCount === 0) this.#coarseTick = Math.floor(now / CoarseMs);
    const remaining = entry.deadline - now;
    entry.coarse = remaining > FineRange;
    let slot: Slot;
    if (entry.coarse) {
      this.#coarseCount++;
      // A second early: there it moves to the fine wheel.
      const tick = Math.floor((now + Math.min(remaining, CoarseRange)) / CoarseMs);
      slot = this.#coarse[Math.max(tick, this.#coarseTick + 1) % Slots]!;
    } else {
      this.#fineCount++;
      const tick = Math.ceil((now + Math.max(remaining, 0)) / FineMs);
      slot = this.#fine[Math.max(tick, this.#fineTick + 1) % Slots]!;
    }
    const last = slot.previous!;
    entry.next = slot;
    entry.previous = last;
    last.next = entry;
    slot.previous = entry;
  }

  #arm(now: number): void {
    if (this.#fineCount + this.#coarseCount === 0) return;
    const at = this.#fineCount > 0 ? (this.#fineTick + 1) * FineMs : (this.#coarseTick + 1) * CoarseMs;
    if (at >= this.#rings) return;
    this.#rings = at;
    this.#alarm.set(Math.max(Math.ceil(at - now), 1), this.#ring);
  }

  #run(): void {
    this.#rings = Number.POSITIVE_INFINITY;
    if (this.#closed) return;
    const now = this.#now();
    const coarse = Math.floor(now / CoarseMs);
    const fine = Math.floor(now / FineMs);
    // After a stall of a whole turn of the wheel every slot is due once.
    this.#coarseTick = Math.max(this.#coarseTick, coarse - Slots);
    this.#fineTick = Math.max(this.#fineTick, fine - Slots);
    while (this.#coarseTick < coarse) this.#empty(this.#coarse[++this.#coarseTick % Slots]!, now);
    while (this.#fineTick < fine) this.#empty(this.#fine[++this.#fineTick % Slots]!, now);
    this.#arm(now);
  }

  #empty(slot: Slot, now: number): void {
    if (slot.next === slot) return;
    // All are taken out first: when the alarm rang late, an entry that is not due yet may belong into this very slot, a turn of the wheel later.
    const due = this.#due;
    due.next = slot.next!;
    due.previous = slot.previous!;
    due.next.previous = due;
    due.previous.next = due;
    slot.next = slot;
    slot.previous = slot;
    for (let entry = due.next; entry !== due; entry = due.next!) {
      this.cancel(entry);
      if (entry.deadline > now) this.#insert(entry, now);
      else entry.onTimeout();
      if (this.#closed) return;
    }
  }
}

/** Never keeps the process alive: sockets do that. */
class SystemAlarm implements Alarm {
  #timer: NodeJS.Timeout | null = null;

  set(ms: number, ring: () => void): void {
    this.clear();
    this.#timer = setTimeout(ring, ms);
    this.#timer.unref();
  }

  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
