/**
 * The access log goes to a pipe, and whoever reads the pipe stops: for long enough that every buffer on the way is full, twice over.
 *
 * A correct proxy saves every request. What it cannot save are log lines: they are dropped, and counted to the last one. What is held is bounded,
 * so memory stands still once lines are dropped; when the reader goes on, so does the log, and no line is torn. SIGTERM ends the process in
 * order although nobody reads.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { baseManifests, routeManifest } from '../../features/folder.ts';
import { createFifo } from '../fifo.ts';
import { readLedger } from '../ledger.ts';
import { readMetric } from '../metric.ts';
import { MiB, residentBytes, watchResident } from '../resident.ts';
import type { Row, Scale, Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import { within } from '../within.ts';

/** Makes a line of 6 KB, so that the buffers are full soon. */
const Prefix = `/${'long-'.repeat(1200)}/`;
/** What memory may still do once lines are dropped: the heap breathes. */
const Breath = 96 * MiB;

export const accessLogBlocked: Scenario = {
  name: 'access-log-blocked',
  title: 'nobody reads the pipe of the access log',
  run,
};

async function run(stage: Stage, scale: Scale): Promise<readonly Row[]> {
  const origin = await stage.origin('one');
  const folder = await stage.folder({
    'base.yaml': baseManifests({ one: origin.port }),
    'route.yaml': routeManifest('one', '[{ backendRefs: [{ name: one, port: 8080 }] }]'),
  });
  const pipe = createFifo(join(stage.scratch, 'stdout'));
  stage.defer(() => pipe.close());
  const gateway = await stage.gateway(folder, { args: ['--access-log=stdout'], stdout: pipe.writeEnd });
  pipe.started();
  const dropped = (): Promise<number> => readMetric(gateway, 'suuupra_access_log_dropped_total');
  const rate = scale === 'full' ? 2000 : 1500;
  const traffic = stage.traffic({ port: gateway.port(80), kept: 24, rate, prefix: () => Prefix });
  const memory = watchResident(gateway);
  stage.defer(() => memory.stop());

  await within(60, 'the log is read', () => pipe.lines.length > 500);
  const open = performance.now();
  const atRest = await residentBytes(gateway);
  pipe.stopReading();
  await within(60, 'lines are dropped', async () => (await dropped()) > 0);
  const full = performance.now();
  const whenFull = memory.most;
  memory.mark();
  // As long again, and a while.
  await setTimeout((full - open) * 1.5 + (scale === 'full' ? 15_000 : 500));
  const later = memory.most;
  const p99 = traffic.percentile(0.99, open);

  const resumed = performance.now();
  const mark = traffic.sent;
  pipe.readOn();
  await within(60, 'the log goes on', () => idOf(pipe.lines.at(-1) ?? '') > mark);
  const recovered = performance.now() - resumed;
  await traffic.stop();
  const lost = await dropped();
  await within(60, 'every line is read or counted', async () => pipe.lines.length + (await dropped()) >= traffic.sent);
  const torn = pipe.lines.filter((line) => idOf(line) < 0).length;
  const counted = pipe.lines.length + (await dropped());

  pipe.stopReading();
  const more = stage.traffic({ port: gateway.port(80), kept: 24, rate: 0, prefix: () => Prefix });
  await setTimeout(500);
  await more.stop();
  const exit = once(gateway.process, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  gateway.process.kill('SIGTERM');
  const [code, signal] = await exit;
  const ledger = await readLedger(traffic, [origin]);
  return [
    {
      sent: traffic.sent + more.sent,
      failed: traffic.failures.length + more.failures.length,
      p99Millis: p99,
      recoverMillis: recovered,
      missed: [
        ...ledger.missed,
        ...(torn > 0 ? [`${torn} torn lines`] : []),
        ...(counted === traffic.sent
          ? []
          : [`${traffic.sent} requests, but ${counted} lines read or counted as dropped`]),
        ...(later <= whenFull + Breath
          ? []
          : [`memory grew from ${mib(whenFull)} to ${mib(later)} after lines were dropped`]),
        ...(code === 0 ? [] : [`exit code ${code}, signal ${signal} while nobody read`]),
      ],
      notes: `${lost} of ${traffic.sent} lines dropped and counted; memory ${mib(atRest)} before, ${mib(whenFull)} when full, ${mib(later)} at most afterwards`,
    },
  ];
}

function idOf(line: string): number {
  try {
    return Number((JSON.parse(line) as { path: string }).path.slice(Prefix.length));
  } catch {
    return -1;
  }
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MiB)} MiB`;
}
