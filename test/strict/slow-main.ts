/**
 * `node test/strict/slow-main.ts`: a thousand slow clients of each kind against the gateway with its own defaults, and what became of them.
 * QUICK=1 configures timeouts of two seconds. COUNT=n, KIND=a,b. Exit code 1 if one stayed, or anything legitimate failed.
 */
import { setTimeout } from 'node:timers/promises';
import { runSlowClients, type SlowOutcome } from './slow-clients.ts';
import { type SlowKind, slowKinds } from './slow-kinds.ts';
import { startSlowStage } from './slow-stage.ts';
import { shortTimeouts } from './slow-timeouts.ts';
import { quantile, startTraffic } from './slow-traffic.ts';

const LateMs = 1_000;
const BeforeMs = 4_000;

const columns = ['kind', 'opened', 'closed', 'timeout s', 'worst late s', 'KB each', 'p99 ms', 'of before'] as const;

const row = (cells: readonly (string | number)[]): string =>
  cells.map((cell, i) => (i === 0 ? String(cell).padEnd(16) : String(cell).padStart(columns[i]!.length + 2))).join('');

function line(outcome: SlowOutcome, p99Before: number): string {
  const { kind, opened, closed, timeoutMs, worstLateMs, bytesEach, p99Ms } = outcome;
  return row([
    kind,
    opened,
    closed,
    timeoutMs / 1000,
    (worstLateMs / 1000).toFixed(2),
    (bytesEach / 1024).toFixed(1),
    p99Ms.toFixed(2),
    `${(p99Ms / p99Before).toFixed(2)}x`,
  ]);
}

async function main(count: number, kinds: readonly SlowKind[], quick: boolean): Promise<boolean> {
  const stage = await startSlowStage({ workers: 1, ...(quick && { timeouts: shortTimeouts }) });
  const traffic = startTraffic(stage.gateway.port(80));
  let missed = false;
  try {
    await setTimeout(2_000);
    traffic.takeTimes();
    await setTimeout(BeforeMs);
    const p99Before = quantile(traffic.takeTimes(), 0.99);
    console.log(`legitimate traffic alone: p99 ${p99Before.toFixed(2)} ms\n\n${row(columns)}`);
    for (const kind of kinds) {
      const outcome = await runSlowClients(stage, kind, count, traffic);
      console.log(
        outcome === null ? `${kind.padEnd(16)}  skipped: needs root and the ip command` : line(outcome, p99Before),
      );
      if (outcome !== null && (outcome.closed < outcome.opened || outcome.worstLateMs > LateMs)) missed = true;
    }
    await traffic.stop();
    console.log(`\nlegitimate requests: ${traffic.answered} answered, ${traffic.failures.length} failed`);
    for (const failure of new Set(traffic.failures)) console.log(`  ${failure}`);
    return !missed && traffic.failures.length === 0;
  } finally {
    await traffic.stop();
    await stage.close();
  }
}

const all = Object.keys(slowKinds) as SlowKind[];
const { KIND = '', COUNT = '1000', QUICK = '' } = process.env;
const asked = KIND.split(',').filter((kind) => kind !== '');
const unknown = asked.find((kind) => !all.some((each) => each === kind));
if (unknown !== undefined) {
  console.error(`KIND=${unknown} is none of: ${all.join(', ')}`);
  process.exitCode = 1;
} else if (!(await main(Number(COUNT), asked.length === 0 ? all : (asked as SlowKind[]), QUICK !== '')))
  process.exitCode = 1;
