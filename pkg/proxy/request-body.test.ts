import { describe, expect, test } from '@jest/globals';
import { RequestBody } from './request-body.ts';

const Silence = 60_000;
const step = RequestBody.step(Silence);

/** Milliseconds until a body is given up whose client sends `bytesAt(ms)` in the step that ends then; Infinity if it lasts ten times the silence. */
function givenUpAfter(bytesAt: (ms: number) => number, rate: number, excusedAt = 0, lateMs = 0): number {
  const body = new RequestBody();
  body.begin(1e9, 0);
  for (let ms = step; ms <= 10 * Silence; ms += step) {
    const bytes = Buffer.alloc(bytesAt(ms));
    if (bytes.length > 0) body.read(bytes, 0, bytes.length);
    const now = ms + (ms / step) * lateMs;
    if (ms === excusedAt) body.excuse(now);
    if (!body.keptPace(now, rate, Silence)) return now;
  }
  return Number.POSITIVE_INFINITY;
}

describe('the pace of a request body', () => {
  test.each([
    ['nothing ever comes', () => 0, 0, Silence],
    [
      'a quick start, then silence: counted from the last byte, not from the end of some window',
      (ms: number) => (ms <= 9 * step ? 1_000 : 0),
      0,
      Silence + 9 * step,
    ],
    ['a byte each step, and no rate is asked for', () => 1, 0, Number.POSITIVE_INFINITY],
    ['a byte each step below the rate: given up within the first window', () => 1, 240, Silence],
    ['exactly the rate', () => (240 * step) / 1000, 240, Number.POSITIVE_INFINITY],
    [
      'the rate on average, in bursts',
      (ms: number) => (ms % (10 * step) === 0 ? 2_400 * (step / 1000) : 0),
      240,
      Number.POSITIVE_INFINITY,
    ],
    ['the rate in one window and not in the next', (ms: number) => (ms <= Silence ? 1_000 : 1), 240, 2 * Silence],
  ])('%s', (_, bytesAt, rate, expected) => {
    expect(givenUpAfter(bytesAt, rate)).toBe(expected);
  });

  test('a pause that was ours gives the whole time anew, and no more than that', () => {
    expect(givenUpAfter(() => 0, 0, 10 * step)).toBe(Silence + 10 * step);
    expect(givenUpAfter(() => 1, 240, 10 * step)).toBe(Silence + 10 * step);
  });

  test('looks that come late do not add up', () => {
    for (const rate of [0, 240]) expect(givenUpAfter(() => 0, rate, 0, 20)).toBeLessThan(Silence + 2 * step);
    expect(givenUpAfter(() => 1, 240, 0, 20)).toBeLessThan(Silence + 2 * step);
  });

  test('it is looked at four times a second, and four times within short limits', () => {
    expect([60_000, 2_000, 1_000, 40, 0].map((silence) => RequestBody.step(silence))).toEqual([250, 250, 250, 10, 0]);
  });
});
