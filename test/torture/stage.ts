/** Where a scenario plays: starts the gateway's real process, origins in processes of their own, and load; ends them all with the scenario. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, type TestGateway, type TestGatewayOptions } from '../../pkg/testkit/gateway.ts';
import { freePorts } from '../../pkg/testkit/ports.ts';
import { createFolder, type Folder } from '../features/folder.ts';
import { Origin } from './origin.ts';
import { startTraffic, type Traffic, type TrafficOptions } from './traffic.ts';

export interface Stage {
  /** An empty directory that goes away with the stage: for logs, journals, sockets. */
  readonly scratch: string;
  /** An origin in its own process, which answers as soon as this resolves. */
  origin(name: string): Promise<Origin>;
  /** A directory of manifests. */
  folder(files: Readonly<Record<string, string>>): Promise<Folder>;
  /** The real gateway on that directory, ready. Default: 2 workers. */
  gateway(folder: Folder, options?: TestGatewayOptions): Promise<TestGateway>;
  /** Load that goes on until it is stopped. */
  traffic(options: TrafficOptions): Traffic;
  /** The lines that the gateways logged as errors: threads that died or hung, bugs. */
  complaints(): readonly string[];
  /** Runs when the stage ends, last first. */
  defer(cleanup: () => unknown): void;
  /** Ends all of it. */
  close(): Promise<void>;
}

/** More than any load sends. */
const IdsPerLoad = 10_000_000;

/** @param args flags of every gateway; those of a scenario go before */
export async function createStage(args: readonly string[] = []): Promise<Stage> {
  const scratch = await mkdtemp(join(tmpdir(), 'torture-'));
  const cleanups: (() => unknown)[] = [() => rm(scratch, { recursive: true, force: true })];
  const gateways: TestGateway[] = [];
  // If the scenarios themselves crash, nobody else would end them.
  const kill = (): void => {
    for (const gateway of gateways) gateway.process.kill('SIGKILL');
  };
  process.once('exit', kill);
  cleanups.push(() => process.off('exit', kill));
  let journals = 0;
  let loads = 0;

  return {
    scratch,
    async origin(name) {
      const [port = 0] = await freePorts(1);
      const origin = new Origin(name, port, join(scratch, `journal-${++journals}`));
      cleanups.push(() => origin.end());
      await origin.start();
      return origin;
    },
    async folder(files) {
      const folder = await createFolder(files);
      cleanups.push(() => folder[Symbol.asyncDispose]());
      return folder;
    },
    async gateway(folder, options) {
      const gateway = await startGateway(folder.path, {
        workers: 2,
        ...options,
        args: [...args, ...(options?.args ?? [])],
      });
      gateways.push(gateway);
      cleanups.push(async () => {
        if (gateway.process.exitCode !== null || gateway.process.signalCode !== null) return;
        // Nothing of a scenario is worth a drain once it is over.
        gateway.process.kill('SIGKILL');
        await gateway.stop();
      });
      return gateway;
    },
    traffic(options) {
      const traffic = startTraffic({ base: loads++ * IdsPerLoad, ...options });
      cleanups.push(() => traffic.stop());
      return traffic;
    },
    complaints() {
      const lines = gateways.flatMap((gateway) => gateway.stderr().split('\n'));
      return lines.filter((line) => /"level":"(?:error|fatal)"/.test(line));
    },
    defer: (cleanup) => void cleanups.push(cleanup),
    async close() {
      const faults: unknown[] = [];
      for (const cleanup of cleanups.splice(0).toReversed()) {
        try {
          await cleanup();
        } catch (error) {
          faults.push(error);
        }
      }
      if (faults.length > 0) throw new AggregateError(faults, 'the stage could not be cleared');
    },
  };
}
