/** Output memory of one worker: one region serves every connection, and is replaced only while a slow peer keeps the system writing from it. */
import { Buffer } from 'node:buffer';
import { OutputBytes } from './transport.ts';

/** Below this length a view of a region is made once and kept: most messages are small. */
const CachedViews = 8192;
/** Spare regions kept for reuse; what a burst needed beyond is left to the collector. */
const SpareRegions = 32;

export class Region {
  readonly buffer = Buffer.allocUnsafeSlow(OutputBytes);
  readonly #views: (Buffer | undefined)[] = [];

  /** The first `length` bytes. */
  view(length: number): Buffer {
    if (length >= CachedViews) return this.buffer.subarray(0, length);
    return (this.#views[length] ??= this.buffer.subarray(0, length));
  }
}

export class OutputRegions {
  current = new Region();
  readonly #spare: Region[] = [];

  /** The current region stays with a write that is under way; the next message gets another one. */
  replace(): Region {
    const held = this.current;
    this.current = this.#spare.pop() ?? new Region();
    return held;
  }

  giveBack(region: Region): void {
    if (this.#spare.length < SpareRegions) this.#spare.push(region);
  }
}
