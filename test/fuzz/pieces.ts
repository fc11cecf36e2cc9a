/** Cuts a stream into pieces. */
import { Buffer } from 'node:buffer';
import type { Random } from './random.ts';

/** One piece to many, now and then of one byte each. @returns buffers of their own: readers decode in place */
export function cut(text: string, random: Random): Buffer[] {
  const most = random.pick([1, 2, 3, 7, 20, 60, 200, 1_000]);
  const pieces: Buffer[] = [];
  for (let at = 0; at < text.length; ) {
    const length = 1 + random.below(most);
    pieces.push(Buffer.from(text.slice(at, at + length), 'latin1'));
    at += length;
  }
  return pieces;
}
