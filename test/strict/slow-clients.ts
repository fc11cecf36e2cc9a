/** One kind of slow client against a gateway: opens its connections from another process, and watches until the gateway has closed them all. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { type PeersOrder, type PeersReport, type SlowKind, slowKinds } from './slow-kinds.ts';
import { openVanishing } from './slow-link.ts';
import type { SlowStage } from './slow-stage.ts';
import { quantile, type Traffic } from './slow-traffic.ts';

export interface SlowOutcome {
  readonly kind: SlowKind;
  /** Connections that did what they came for. */
  readonly opened: number;
  /** Of these, how many the gateway has closed. */
  readonly closed: number;
  readonly timeoutMs: number;
  /** How long the last one stayed beyond its timeout; negative if all went early. The clock ticks in steps of `PollMs`. */
  readonly worstLateMs: number;
  /** Resident bytes that each added to the gateway's process while open. */
  readonly bytesEach: number;
  /** Of legitimate requests, while they were open. */
  readonly p99Ms: number;
}

const PollMs = 100;
/** Past the timeout they are watched for so long. */
const GraceMs = 10_000;

/** @returns null where this system cannot do it: without a network namespace nobody vanishes */
export async function runSlowClients(
  stage: SlowStage,
  kind: SlowKind,
  count: number,
  traffic: Traffic,
): Promise<SlowOutcome | null> {
  const { tls, timeout } = slowKinds[kind];
  const port = stage.gateway.port(tls ? 443 : 80);
  const link = kind === 'vanished' ? await openVanishing() : null;
  if (kind === 'vanished' && link === null) return null;
  const timeoutMs = stage.timeouts[timeout];
  const baseline = await stage.held(port);
  const before = await stage.memory();
  const peers = startPeers({ kind, host: link?.gatewayAddress ?? '127.0.0.1', port, count }, link?.command ?? []);
  try {
    const { since, failed } = await peers.report;
    if (failed > 0) throw new Error(`${failed} of ${count} connections could not be opened`);
    if (link !== null) await link.cut();
    const bytesEach = ((await stage.memory()) - before) / count;
    traffic.takeTimes();
    const { closed, worstLateMs } = await watch(stage, port, baseline, since, timeoutMs);
    return {
      kind,
      opened: since.length,
      closed,
      timeoutMs,
      worstLateMs,
      bytesEach,
      p99Ms: quantile(traffic.takeTimes(), 0.99),
    };
  } finally {
    peers.process.kill('SIGKILL');
    await peers.ended;
    await link?.close();
  }
}

/** Connections of one kind have one timeout, so they go in the order they came; the nth that is gone is compared with the nth that began. */
async function watch(
  stage: SlowStage,
  port: number,
  baseline: number,
  since: readonly number[],
  timeoutMs: number,
): Promise<{ readonly closed: number; readonly worstLateMs: number }> {
  const last = since.at(-1) ?? 0;
  let closed = 0;
  let worstLateMs = Number.NEGATIVE_INFINITY;
  while (closed < since.length && Date.now() < last + timeoutMs + GraceMs) {
    const gone = since.length - Math.max(0, (await stage.held(port)) - baseline);
    const now = Date.now();
    for (; closed < gone; closed++) worstLateMs = Math.max(worstLateMs, now - since[closed]! - timeoutMs);
    await setTimeout(PollMs);
  }
  return { closed, worstLateMs };
}

interface Peers {
  readonly process: ChildProcess;
  /** When all is open. */
  readonly report: Promise<PeersReport>;
  readonly ended: Promise<void>;
}

/** @param prefix a command that runs another one elsewhere */
function startPeers(order: PeersOrder, prefix: readonly string[]): Peers {
  const file = join(import.meta.dirname, 'slow-peers-main.ts');
  const [command = process.execPath, ...args] = [...prefix, process.execPath, file, JSON.stringify(order)];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const report = new Promise<PeersReport>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line) as PeersReport));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the slow clients ended with ${code}`)));
  });
  // Only who waits for it wants to know.
  report.catch(() => {});
  return { process: child, report, ended };
}
