/** One kind of slow client against a gateway: opens its connections from another process, and watches until the gateway has closed them all. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { until } from '../features/until.ts';
import { type PeersOrder, type PeersReport, type SlowKind, slowKinds } from './slow-kinds.ts';
import { openVanishing } from './slow-link.ts';
import { bearableReaders } from './slow-namespace.ts';
import type { SlowStage } from './slow-stage.ts';
import { quantile, type Traffic, TrafficConnections } from './slow-traffic.ts';

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
  /** Bytes of the system's TCP buffers that each added, at both ends and towards the origin: this machine has all of them. */
  readonly kernelBytesEach: number;
  /** Of legitimate requests, while they were open. */
  readonly p99Ms: number;
}

const PollMs = 100;
/** Past the timeout they are watched for so long. */
const GraceMs = 10_000;

/** @param most of connections; of those that do not read fewer, if the system has no room @returns null where this system cannot do it: without a network namespace nobody vanishes */
export async function runSlowClients(
  stage: SlowStage,
  kind: SlowKind,
  most: number,
  traffic: Traffic,
): Promise<SlowOutcome | null> {
  const count = slowKinds[kind].reads ? Math.min(most, await bearableReaders()) : most;
  const { tls, timeout } = slowKinds[kind];
  const port = stage.gateway.port(tls ? 443 : 80);
  const link = kind === 'vanished' ? await openVanishing() : null;
  if (kind === 'vanished' && link === null) return null;
  const timeoutMs = stage.timeouts[timeout];
  const held = (): Promise<number> => (tls ? stage.others() : stage.connections());
  await until(async () => (await stage.connections()) >= TrafficConnections);
  const baseline = await held();
  const before = { process: await stage.memory(), kernel: await kernelMemory() };
  const peers = startPeers({ kind, host: link?.gatewayAddress ?? '127.0.0.1', port, count }, link?.command ?? []);
  try {
    const { since: begun, failed } = await peers.report;
    if (failed > 0) throw new Error(`${failed} of ${count} connections could not be opened`);
    // A client that does not read takes bytes nevertheless, until the buffers of the system are full.
    const settled = await settle(stage);
    const since = settled === null ? begun : begun.map((time) => Math.max(time, settled));
    const bytesEach = ((await stage.memory()) - before.process) / count;
    const kernelBytesEach = ((await kernelMemory()) - before.kernel) / count;
    if (link !== null) await link.cut();
    await traffic.report();
    const { closed, worstLateMs } = await watch(held, baseline, since, timeoutMs);
    return {
      kind,
      opened: since.length,
      closed,
      timeoutMs,
      worstLateMs,
      bytesEach,
      kernelBytesEach,
      p99Ms: quantile((await traffic.report()).times, 0.99),
    };
  } finally {
    peers.process.kill('SIGKILL');
    await peers.ended;
    await link?.close();
  }
}

/** Waits until the origin's endless responses move no more. @returns when that was; null if there are none */
async function settle(stage: SlowStage): Promise<number | null> {
  if (stage.sent() === 0) return null;
  for (const start = Date.now(); ; ) {
    const sent = stage.sent();
    const now = Date.now();
    await setTimeout(2 * PollMs);
    if (stage.sent() === sent || now > start + GraceMs) return now;
  }
}

async function kernelMemory(): Promise<number> {
  const [, pages = '0'] = /^TCP: .* mem (\d+)/m.exec(await readFile('/proc/net/sockstat', 'utf8')) ?? [];
  return Number(pages) * 4096;
}

/** Connections of one kind have one timeout, so they go in the order they came; the nth that is gone is compared with the nth that began. */
async function watch(
  held: () => Promise<number>,
  baseline: number,
  since: readonly number[],
  timeoutMs: number,
): Promise<{ readonly closed: number; readonly worstLateMs: number }> {
  const last = since.at(-1) ?? 0;
  let closed = 0;
  let worstLateMs = Number.NEGATIVE_INFINITY;
  while (closed < since.length && Date.now() < last + timeoutMs + GraceMs) {
    const gone = since.length - Math.max(0, (await held()) - baseline);
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
  const [command, ...args] = [...prefix, process.execPath, file, JSON.stringify(order)];
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
