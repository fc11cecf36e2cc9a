/** Gives slots of a row to label values as they appear, and takes them back. One per family and worker. */
import { type FamilyName, families, type SlotLabels, slotStart } from './row.ts';

export interface Slots {
  /** Takes a slot for something new. @returns index of its first field; of the slot `other` if none is left */
  take(labels: readonly string[]): number;
  /** The slot may be given away; its numbers stand until then, so that a last scrape sees them. */
  release(start: number): void;
}

/** @param announce told what a slot stands for from now on */
export function createSlots(
  family: FamilyName,
  row: Float64Array,
  labelCount: number,
  announce: (labels: SlotLabels) => void,
): Slots {
  const { capacity, width } = families[family];
  const stride = width + 1;
  const origin = slotStart(family, 0);
  const free: number[] = [];
  let used = 1;
  let generation = 1;
  let full = false;

  /** What no slot is left for is counted together, rather than not at all. */
  function overflow(): number {
    if (!full) {
      full = true;
      row[origin - 1] = generation;
      announce({ family, slot: 0, generation, labels: Array.from({ length: labelCount }, () => 'other') });
    }
    return origin;
  }

  return {
    take(labels) {
      const slot = used < capacity ? used++ : free.shift();
      if (slot === undefined) return overflow();
      const start = origin + slot * stride;
      // A scrape between these two lines and the message sees a generation it does not know, and leaves the slot out.
      row[start - 1] = ++generation;
      row.fill(0, start, start + width);
      announce({ family, slot, generation, labels });
      return start;
    },
    release(start) {
      if (start !== origin) free.push((start - origin) / stride);
    },
  };
}
