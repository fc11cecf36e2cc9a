/**
 * `node test/strict/slow-main.ts`: a thousand slow clients of each kind against the gateway with its own defaults, and what became of them; then
 * greedy ones. QUICK=1 configures timeouts of two seconds. COUNT=n, KIND=a,b (`greedy` for those). Exit code 1 if one stayed, or anything legitimate failed.
 */
import { setTimeout } from 'node:timers/promises';
import { runSlowClients, type SlowOutcome } from './slow-clients.ts';
import { greedyNames, runGreedy } from './slow-greedy.ts';
import { type SlowKind, slowKinds } from './slow-kinds.ts';
import { runInNamespace } from './slow-namespace.ts';
import { startSlowStage } from './slow-stage.ts';
import { shortTimeouts } from './slow-timeouts.ts';
import { quantile, startTraffic } from './slow-traffic.ts';

const LateMs = 1_000;
const GreedyScale = 4;
const WarmUpMs = 1_500;
const BeforeMs = 3_000;

const columns = [
  'kind',
  'opened',
  'closed',
  'timeout s',
  'worst late s',
  'KB each',
  'kernel KB',
  'p99 before',
  'during ms',
  'ratio',
  'failed',
] as const;

const row = (cells: readonly (string | number)[]): string =>
  cells.map((cell, i) => (i === 0 ? String(cell).padEnd(16) : String(cell).padStart(columns[i]!.length + 2))).join('');

interface Run {
  /** null: not possible on this machine. */
  readonly outcome: SlowOutcome | null;
  readonly p99BeforeMs: number;
  readonly failures: readonly string[];
  readonly stderr: string;
}

/** A gateway of its own for each kind: what one leaves behind is not the next one's. */
async function run(kind: SlowKind, count: number, quick: boolean): Promise<Run> {
  const stage = await startSlowStage({ workers: 1, ...(quick && { timeouts: shortTimeouts }) });
  const traffic = startTraffic(stage.gateway.port(80));
  try {
    await setTimeout(WarmUpMs);
    await traffic.report();
    await setTimeout(BeforeMs);
    const p99BeforeMs = quantile((await traffic.report()).times, 0.99);
    const outcome = await runSlowClients(stage, kind, count, traffic);
    const { failures } = await traffic.stop();
    return { outcome, p99BeforeMs, failures, stderr: stage.gateway.stderr() };
  } finally {
    await traffic.stop();
    await stage.close();
  }
}

function line(outcome: SlowOutcome, p99BeforeMs: number, failed: number): string {
  const { kind, opened, closed, timeoutMs, worstLateMs, bytesEach, kernelBytesEach, p99Ms } = outcome;
  return row([
    kind,
    opened,
    closed,
    timeoutMs / 1000,
    (worstLateMs / 1000).toFixed(2),
    (bytesEach / 1024).toFixed(1),
    (kernelBytesEach / 1024).toFixed(0),
    p99BeforeMs.toFixed(2),
    p99Ms.toFixed(2),
    `${(p99Ms / p99BeforeMs).toFixed(2)}x`,
    failed,
  ]);
}

async function table(count: number, kinds: readonly SlowKind[], quick: boolean): Promise<boolean> {
  let kept = true;
  console.log(row(columns));
  for (const kind of kinds) {
    const { outcome, p99BeforeMs, failures, stderr } = await run(kind, count, quick);
    if (outcome === null) {
      console.log(`${kind.padEnd(16)}  skipped: needs root and the ip command`);
      continue;
    }
    console.log(line(outcome, p99BeforeMs, failures.length));
    for (const failure of new Set(failures)) console.log(`  a legitimate request failed: ${failure}`);
    if (failures.length > 0) console.log(stderr);
    if (outcome.closed < outcome.opened || outcome.worstLateMs > LateMs || failures.length > 0) kept = false;
  }
  console.log(
    kept
      ? '\nall were closed within a second after their timeout, and no legitimate request failed'
      : '\nMISSED: some stayed more than a second beyond their timeout, or a legitimate request failed',
  );
  return kept;
}

async function greedyTable(scale: number): Promise<boolean> {
  let kept = true;
  console.log(`\n${'greedy'.padEnd(28)}  MiB  of     CPU ms  p99 ms  failed  seen`);
  for (const name of greedyNames) {
    const outcome = await runGreedy(name, scale);
    const { seen, bytes, mostBytes, cpuMs, p99Ms, failures } = outcome;
    const cells = [(bytes / 1_048_576).toFixed(0).padStart(5), (mostBytes / 1_048_576).toFixed(0).padStart(4)];
    const costs = [cpuMs.toFixed(0).padStart(10), p99Ms.toFixed(1).padStart(8), String(failures.length).padStart(8)];
    console.log(`${name.padEnd(28)}${[...cells, ...costs].join('')}  ${outcome.kept ? '' : 'MISSED: '}${seen}`);
    for (const failure of new Set(failures)) console.log(`  a legitimate request failed: ${failure}`);
    if (!outcome.kept || bytes > mostBytes || failures.length > 0) kept = false;
  }
  return kept;
}

async function main(): Promise<boolean> {
  const all = Object.keys(slowKinds) as SlowKind[];
  const { KIND = `${all.join(',')},greedy`, COUNT = '1000', QUICK = '' } = process.env;
  const asked = KIND.split(',');
  const unknown = asked.find((kind) => kind !== 'greedy' && !all.some((each) => each === kind));
  if (unknown !== undefined) throw new Error(`KIND=${unknown} is none of: ${all.join(', ')}, greedy`);
  const kinds = all.filter((kind) => asked.includes(kind));
  const slowKept = kinds.length === 0 || (await table(Number(COUNT), kinds, QUICK !== ''));
  return (!asked.includes('greedy') || (await greedyTable(GreedyScale))) && slowKept;
}

process.exitCode = runInNamespace() ?? ((await main()) ? 0 : 1);
