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
  const count = countOf(benchmark);
  const times: number[] = [];
  const bytes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const sample = once(benchmark, count);
    times.push(sample.time);
    bytes.push(sample.bytes);
  }
  return figure(benchmark, times, bytes);
}

/** What `benchmark` takes beyond `base`, round by round in turn: the name and the group are those of `benchmark`. */
export function measureAdded(base: Benchmark, benchmark: Benchmark, rounds: number): Figure {
  const count = Math.min(countOf(base), countOf(benchmark));
  const times: number[] = [];
  const bytes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const [first, second] = round % 2 === 0 ? [base, benchmark] : [benchmark, base];
    const samples = new Map([first, second].map((each) => [each, once(each, count)]));
    times.push(samples.get(benchmark)!.time - samples.get(base)!.time);
    bytes.push(samples.get(benchmark)!.bytes - samples.get(base)!.bytes);
  }
  return figure(benchmark, times, bytes);
}

/** How often it fits into a round, once it is warm. */
function countOf({ run, name }: Benchmark): number {
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
  return Math.max(1, Math.round((count * Round) / took));
}

/** ns and bytes of one operation. */
function once({ run, name }: Benchmark, count: number): { readonly time: number; readonly bytes: number } {
  globalThis.gc?.({ type: 'minor' });
  const before = allocated();
  const start = performance.now();
  const sink = run(count);
  const time = ((performance.now() - start) * 1e6) / count;
  if (Number.isNaN(sink)) throw new Error(`${name} gave no number`);
  return { time, bytes: (allocated() - before) / count };
}

function figure({ group, name }: Benchmark, times: readonly number[], bytes: readonly number[]): Figure {
  const each = bytes.toSorted((a, b) => a - b)[Math.floor(bytes.length / 2)] ?? Number.NaN;
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
