/**
 * Measures targets against each other: after a warm-up whose access logs are counted, round by round, in another order each time, so
 * that what else happens on the machine hits all of them alike. Where it was much, some rounds are measured again.
 */
import { coreBusy, cpuTimes, cpuUse } from './cpu.ts';
import { errorsOf, type Load, type LoadOptions, runLoad } from './load.ts';
import { countLines, emptyLog } from './log.ts';
import type { TargetResult } from './result.ts';
import type { Bench } from './scenarios/scenario.ts';
import { median, round, spread } from './statistics.ts';
import type { Running } from './targets/target.ts';

export type LoadShape = Omit<LoadOptions, 'port' | 'seconds'>;

export type Drive = (running: Running, seconds: number) => Promise<Load>;

export interface RoundsOptions {
  /** By name. */
  readonly targets: ReadonlyMap<string, Running>;
  readonly drive: Drive;
}

/** Load by bench/c/load.c. */
export function loadDrive({ tools, cores }: Bench, shape: LoadShape): Drive {
  return (running, seconds) => {
    const port = shape.tls === true ? running.tlsPort : running.plainPort;
    return runLoad(tools.load, cores.load, { ...shape, port, seconds });
  };
}

interface Sample {
  readonly cpu: number;
  readonly busiest: number;
  /** Of the proxy's core, between 0 and 1: what something else used meanwhile. */
  readonly foreign: number;
  readonly perSecond: number;
  readonly load: Load;
  readonly errors: number;
}

export async function measureRounds(bench: Bench, options: RoundsOptions): Promise<Record<string, TargetResult>> {
  return (await measurePaired(bench, options)).targets;
}

/** The same, and CPU per request of every round by target, so that what ran next to each other can be compared. */
export async function measurePaired(
  bench: Bench,
  options: RoundsOptions,
): Promise<{
  readonly targets: Record<string, TargetResult>;
  readonly samples: ReadonlyMap<string, readonly Pick<Sample, 'cpu' | 'foreign'>[]>;
}> {
  const names = [...options.targets.keys()];
  const samples = new Map<string, Sample[]>(names.map((name) => [name, []]));
  const errors = await warmUp(bench, options);
  const { rounds, quick } = bench.settings;
  const most = quick ? rounds : rounds + Math.ceil(rounds / 2);
  const isDone = (list: readonly Sample[]): boolean => list.filter(isUndisturbed).length >= rounds;
  for (let i = 0; i < most && !(i >= rounds && [...samples.values()].every(isDone)); i++) {
    for (const name of rotated(names, i)) {
      const running = options.targets.get(name)!;
      const sample = await measureOnce(bench, running, options.drive, bench.settings.seconds);
      samples.get(name)!.push(sample);
      errors.set(name, errors.get(name)! + sample.errors);
    }
  }
  const targets = Object.fromEntries(
    names.map((name) => [name, resultOf(leastDisturbed(samples.get(name)!, rounds), errors.get(name)!)]),
  );
  return { targets, samples };
}

/** Up to this share of the proxy's core, what else runs on it hardly shows. */
const Disturbing = 0.1;

function isUndisturbed({ foreign }: Pick<Sample, 'foreign'>): boolean {
  return foreign <= Disturbing;
}

/** Chosen by what else ran, never by the figure that was measured. */
export function leastDisturbed<T extends Pick<Sample, 'foreign'>>(samples: readonly T[], count: number): readonly T[] {
  return samples.toSorted((a, b) => a.foreign - b.foreign).slice(0, count);
}

/** `i` places on, and backwards every second time: nobody always comes after the same neighbour. */
export function rotated<T>(list: readonly T[], i: number): T[] {
  const turned = list.map((_, at) => list[(at + i) % list.length]!);
  return i % 2 === 0 ? turned : turned.toReversed();
}

/** Returns the errors by target. A line that is missing in an access log is one. */
async function warmUp(bench: Bench, { targets, drive }: RoundsOptions): Promise<Map<string, number>> {
  const errors = new Map<string, number>();
  for (const [name, running] of targets) {
    if (running.log !== null) await emptyLog(running.log);
    const { load, errors: wrong } = await measureOnce(bench, running, drive, bench.settings.warmUpSeconds);
    // At once: targets may be routes of one process, and share its log.
    const lines = running.log === null ? load.requests : await countLines(running.log, load.requests);
    const missing = outside(lines, load);
    if (missing > 0) bench.print(`${name}: ${load.requests} requests, ${lines} lines in the access log`);
    errors.set(name, bench.faults(name) + wrong + missing);
  }
  return errors;
}

async function measureOnce(bench: Bench, running: Running, drive: Drive, seconds: number): Promise<Sample> {
  // The log of the round before would fill the disk.
  if (running.log !== null) await emptyLog(running.log);
  const before = {
    origin: await bench.origin.counts(),
    time: performance.now(),
    busy: coreBusy(bench.cores.proxy),
    cpu: cpuTimes(running.pid),
  };
  const load = await drive(running, seconds);
  const use = cpuUse(before.cpu, cpuTimes(running.pid));
  const busy = coreBusy(bench.cores.proxy) - before.busy;
  const elapsed = (performance.now() - before.time) * 1e6;
  const origin = await bench.origin.counts();
  const arrived = origin.requests - before.origin.requests;
  const isProxy = running.log !== null;
  // As many requests as answers, each of them marked and whole: nothing was answered from elsewhere, repeated or changed.
  const wrong =
    outside(arrived, load) +
    (isProxy ? origin.unmarked - before.origin.unmarked : 0) +
    (origin.malformed - before.origin.malformed) +
    (origin.spoiled - before.origin.spoiled);
  const errors = errorsOf(load) + wrong;
  if (errors > 0) bench.print(`errors: ${JSON.stringify({ ...load.errors, arrived, requests: load.requests, wrong })}`);
  return {
    cpu: use.total / 1000 / load.requests,
    busiest: use.busiest / 1000 / load.requests,
    foreign: running.pid !== bench.origin.pid ? Math.max(0, (busy - use.total) / elapsed) : 0,
    perSecond: load.requests / load.seconds,
    load,
    errors,
  };
}

/** How far a count is from what the load generator says it asked. */
function outside(count: number, { requests, cutOff = 0 }: Load): number {
  return count < requests ? requests - count : Math.max(0, count - requests - cutOff);
}

function resultOf(samples: readonly Sample[], errors: number): TargetResult {
  const { min, median: middle, max } = spread(samples.map(({ cpu }) => cpu));
  return {
    cpuMicrosPerRequest: { min: round(min, 2), median: round(middle, 2), max: round(max, 2) },
    requestsPerSecond: Math.round(median(samples.map(({ perSecond }) => perSecond))),
    p50Micros: median(samples.map(({ load }) => load.p50)),
    p99Micros: median(samples.map(({ load }) => load.p99)),
    errors,
    figures: {
      busiestThreadMicrosPerRequest: round(median(samples.map(({ busiest }) => busiest)), 2),
      foreignShare: round(median(samples.map(({ foreign }) => foreign)), 3),
    },
  };
}
