/** What a connection costs that is open and does nothing: thousands of them, each of which has made one request. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { cpuTimes, cpuUse } from '../cpu.ts';
import { holdConnections } from '../idle-connections.ts';
import { writeRequests } from '../load.ts';
import { type Memory, settledMemory } from '../memory.ts';
import type { Result, TargetResult } from '../result.ts';
import { loadDrive, rotated } from '../rounds.ts';
import { siteRequests } from '../site.ts';
import { median, round, spread } from '../statistics.ts';
import { formatNumber, formatTable } from '../table.ts';
import { gatewayCollecting } from '../targets/gateway.ts';
import type { Running } from '../targets/target.ts';
import { resultOf, usualTargets } from './closed-loop.ts';
import type { Bench, Scenario } from './scenario.ts';

const Connections = 9_500;
/** Of a quick run. */
const Few = 2_000;
const Bar = 3;
/** Each round starts every target anew, which takes its time. */
const MaxRounds = 3;

interface Sample {
  readonly count: number;
  /** KB of Pss that one connection adds. */
  readonly each: number;
  /** MB. */
  readonly before: number;
  readonly after: number;
  /** Of a core, in percent, while nothing happens. */
  readonly idleCpu: number;
  /** µs of CPU for opening a connection and its one request. */
  readonly opening: number;
  readonly errors: number;
}

export const idle: Scenario = {
  name: 'idle',
  about: `memory of ${Connections.toLocaleString('en')} connections that made one request and are kept open`,
  async run(bench) {
    const connections = Math.min(bench.settings.quick ? Few : Connections, roomFor());
    const requests = join(bench.directory, 'idle.requests');
    await writeRequests(requests, siteRequests(bench.site, { answer: 200 }));
    const samples = new Map<string, Sample[]>();
    const rounds = Math.min(bench.settings.rounds, MaxRounds);
    for (let i = 0; i < rounds; i++) {
      for (const name of rotated(usualTargets, i)) {
        const sample = await measure(bench, name, i, requests, connections);
        if (sample !== null) samples.set(name, [...(samples.get(name) ?? []), sample]);
      }
    }
    return [{ ...describe(bench, samples, connections), rounds }];
  },
};

/** A fresh process, warm; then the connections. null if it is not to be had. */
async function measure(
  bench: Bench,
  name: string,
  round: number,
  requests: string,
  connections: number,
): Promise<Sample | null> {
  const { quick } = bench.settings;
  const directory = join(bench.directory, `idle-${name}-${round}`);
  await mkdir(directory);
  const running = name === 'gateway' ? await startGateway(bench, directory) : await bench.fresh(name);
  if (running === null) return null;
  /** Without garbage, where somebody collects it. */
  const settled = async (): Promise<Memory> => {
    await writeFile(join(directory, 'collect'), String(performance.now()));
    // Each thread looks for the file five times a second.
    await setTimeout(quick ? 400 : 1000);
    return settledMemory(running.pid, quick);
  };
  try {
    // What is made once, whoever comes: compiled code, pools, buffers.
    await loadDrive(bench, { connections: 64, requests })(running, bench.settings.warmUpSeconds);
    const before = await settled();
    const start = cpuTimes(running.pid);
    const options = { core: bench.cores.load, port: running.plainPort, requests, connections };
    const held = await holdConnections(bench.tools.idle, options);
    const opening = cpuUse(start, cpuTimes(running.pid)).total / 1000 / held.count;
    const after = await settled();
    const quiet = { cpu: cpuTimes(running.pid), at: performance.now() };
    await setTimeout(quick ? 300 : 1000);
    const elapsed = performance.now() - quiet.at;
    const idleCpu = cpuUse(quiet.cpu, cpuTimes(running.pid)).total / 1e4 / elapsed;
    const open = await held.release();
    return {
      count: held.count,
      each: (after.pss - before.pss) / held.count,
      before: before.pss / 1024,
      after: after.pss / 1024,
      idleCpu,
      opening,
      errors: connections - held.count + (held.count - open),
    };
  } finally {
    await running.stop();
  }
}

/** null if TARGETS leaves it out. */
async function startGateway({ settings, site, origin, cores }: Bench, directory: string): Promise<Running | null> {
  if (settings.targets.length > 0 && !settings.targets.includes('gateway')) return null;
  return gatewayCollecting.start({ site, originPort: origin.port, core: cores.proxy, directory });
}

function describe(bench: Bench, samples: ReadonlyMap<string, readonly Sample[]>, connections: number): Result {
  const targets = Object.fromEntries([...samples].map(([name, list]) => [name, targetOf(list)] as const));
  const figureOf = (name: string): number | undefined =>
    (targets[name]?.errors ?? 1) > 0 ? undefined : targets[name]?.figures?.['kilobytesPerConnection'];
  const own = figureOf('gateway');
  const ratios: Record<string, number> = {};
  for (const name of samples.keys()) {
    const other = figureOf(name);
    if (name !== 'gateway' && own !== undefined && other !== undefined)
      ratios[`gateway/${name}`] = round(own / other, 3);
  }
  const rows = Object.entries(targets).map(([name, { figures = {} }]) => [
    name,
    ...[
      'kilobytesPerConnection',
      'kilobytesMin',
      'kilobytesMax',
      'megabytesBefore',
      'megabytesAfter',
      'idleCpuPercent',
    ].map((figure) => formatNumber(figures[figure])),
  ]);
  const header = ['target', 'KB/connection', 'min', 'max', 'MB before', 'MB with', 'CPU % idle'];
  return resultOf(bench, {
    scenario: 'idle',
    about: idle.about,
    targets,
    // Of memory, not of CPU.
    ratios,
    bars: [{ what: 'KB per idle connection', atMost: Bar, unit: 'KB', measured: own ?? null }],
    notes: [
      `${connections.toLocaleString('en')} connections; memory is Pss of the process tree (the gateway's after a collection, since garbage belongs to no connection);`,
      'ratios are of KB per connection, CPU is of opening one with its request',
      ...formatTable(header, rows).trimEnd().split('\n'),
    ],
  });
}

function targetOf(samples: readonly Sample[]): TargetResult {
  const each = spread(samples.map((sample) => sample.each));
  const opening = spread(samples.map((sample) => sample.opening));
  const middle = (value: (sample: Sample) => number, digits: number): number =>
    round(median(samples.map(value)), digits);
  return {
    cpuMicrosPerRequest: {
      min: round(opening.min, 2),
      median: round(opening.median, 2),
      max: round(opening.max, 2),
    },
    // Nobody hurries: one connection after the other.
    requestsPerSecond: Number.NaN,
    p50Micros: Number.NaN,
    p99Micros: Number.NaN,
    errors: samples.reduce((sum, { errors }) => sum + errors, 0),
    figures: {
      kilobytesPerConnection: round(each.median, 2),
      kilobytesMin: round(each.min, 2),
      kilobytesMax: round(each.max, 2),
      megabytesBefore: middle(({ before }) => before, 1),
      megabytesAfter: middle(({ after }) => after, 1),
      idleCpuPercent: middle(({ idleCpu }) => idleCpu, 2),
    },
  };
}

/** Connections for which this shell's descriptors are enough. The gateway keeps one free for each client's request, so it needs two and a bit. */
function roomFor(): number {
  const wanted = Math.ceil(Connections * 2.25);
  // Whoever is started from here inherits it.
  spawnSync('prlimit', ['--pid', `${process.pid}`, `--nofile=${wanted}:${wanted}`]);
  const limit = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return limit === undefined ? Connections : Math.floor(Number(limit) / 2.25);
}
