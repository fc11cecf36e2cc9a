/** Runs a micro-benchmark: finds out how often it fits into a round, then times several rounds. */
import { getHeapStatistics } from 'node:v8';
import type { Benchmark, Figure } from './benchmark.ts';
import { figureOf } from './benchmark.ts';

/** ms; long enough that neither the clock nor one interrupt matters. */
const Round = 40;
/** ms before the first round: the optimising compiler has then seen all of it. */
const WarmUp = 150;

/** Nothing is done that often within a round. */
const MaxCount = 2 ** 32;

export function measure(benchmark: Benchmark, rounds: number): Figure {
  const { run, group, name } = benchmark;
  let sink = 0;
  let count = 1;
  let took = 0;
  for (const end = performance.now() + WarmUp; performance.now() < end || took < Round / 4; ) {
    const start = performance.now();
    sink += run(count);
    took = performance.now() - start;
    if (Number.isNaN(sink)) throw new Error(`${name} gave no number`);
    if (count > MaxCount) throw new Error(`${name} takes no time`);
    if (took < Round / 4) count *= 2;
  }
  count = Math.max(1, Math.round((count * Round) / took));

  const times: number[] = [];
  const bytes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    globalThis.gc?.({ type: 'minor' });
    const before = allocated();
    const start = performance.now();
    sink += run(count);
    times.push(((performance.now() - start) * 1e6) / count);
    bytes.push((allocated() - before) / count);
  }
  const each = bytes.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
  return figureOf({ group, name, unit: 'ns' }, times, {
    // No object is smaller than 12 bytes: what is less than 8 for each is the measuring's own.
    bytes: Number.isNaN(each) ? null : each < 8 ? 0 : Math.round(each),
  });
}

/** Bytes allocated on the heap since the thread began; NaN on a Node that does not count them (before 25). */
function allocated(): number {
  const { total_allocated_bytes: bytes } = getHeapStatistics() as { readonly total_allocated_bytes?: number };
  return bytes ?? Number.NaN;
}
