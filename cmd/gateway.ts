#!/usr/bin/env node
/** The gateway as a process: configuration, then threads, then signals. */
import { statSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { Config } from '../pkg/config/config.ts';
import { ExitCode } from '../pkg/config/exit.ts';
import { helpText } from '../pkg/config/help.ts';
import { heapLimitFor, readMachine, workersFor } from '../pkg/config/machine.ts';
import { knowsCluster, loadProcessConfig } from '../pkg/config/process.ts';
import { version } from '../pkg/config/version.ts';
import { writeDirectly } from '../pkg/services/direct-line.ts';
import type { Gateway } from '../pkg/worker/gateway.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  const loaded = loadProcessConfig();
  if (loaded.kind === 'config') return run(loaded.config);
  if (loaded.kind === 'mistakes') {
    for (const mistake of loaded.mistakes) complain(mistake);
    return ExitCode.usage;
  }
  process.stdout.write(loaded.kind === 'help' ? helpText() : `suuupra-gateway ${version}\n`);
  return ExitCode.ok;
}

async function run(config: Config): Promise<number> {
  const mistake = sourceMistake(config);
  if (mistake !== null) {
    complain(mistake);
    return ExitCode.usage;
  }
  try {
    const gateway = await start(config);
    followSignals(gateway, config);
    await gateway.ended;
    return ExitCode.ok;
  } catch (error) {
    complain(Error.isError(error) ? error.message : String(error));
    return ExitCode.failure;
  }
}

async function start(config: Config): Promise<Gateway> {
  const machine = readMachine();
  const { descriptors } = machine;
  const workers = config.workers ?? workersFor(machine);
  const logFormat = config.logFormat === 'auto' ? (isatty(2) ? 'text' : 'json') : config.logFormat;
  // On stderr: stdout may be the access log, which machines read.
  const print = (text: string) => writeDirectly(`\n${text}\n`);
  // Loaded when needed: the main thread of a gateway with workers has no data plane in its memory, and --help needs neither.
  if (workers === 0) {
    const { runSingle } = await import('../pkg/worker/single.ts');
    return runSingle({ config, logFormat, descriptors, print });
  }
  if (workers > 1 && machine.platform === 'darwin')
    throw new Error('--workers: macOS can share a port between no two workers; write 1');
  const { supervise } = await import('../pkg/worker/supervisor.ts');
  return supervise({
    config,
    logFormat,
    workers,
    heapLimit: heapLimitFor(machine, workers),
    descriptors,
    entries: {
      worker: entry('worker-thread'),
      controller: entry('controller-thread'),
      services: entry('services-thread'),
    },
    print,
  });
}

/** Threads run what this file runs as: .ts from the sources, .js from dist/. */
function entry(name: string): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`../pkg/worker/${name}.${extension}`, import.meta.url);
}

function sourceMistake({ directory, kubeconfig, lastKnownGood }: Config): string | null {
  if (directory === null) {
    if (kubeconfig !== null || knowsCluster()) return null;
    return '--directory is missing, and there is no cluster: name a directory of manifests, such as --directory examples/quickstart, or a --kubeconfig';
  }
  const found = statSync(directory, { throwIfNoEntry: false });
  // With a last known good there is something to serve until the mount is back.
  if (found === undefined) return lastKnownGood === null ? `--directory: ${directory} does not exist` : null;
  return found.isDirectory() ? null : `--directory: ${directory} is a file; name the directory that holds it`;
}

function followSignals(gateway: Gateway, config: Config): void {
  let signals = 0;
  const onSignal = (delay: number, exitCode: number) => () => {
    // The second one: whoever sends it has waited enough.
    if (++signals > 1) process.exit(exitCode);
    void gateway.drain(delay);
  };
  process.on('SIGTERM', onSignal(config.drainDelay, ExitCode.terminated));
  // From a terminal: no load balancer has to notice.
  process.on('SIGINT', onSignal(0, ExitCode.interrupted));
  process.on('SIGHUP', () => gateway.reopenLogs());
}

function complain(message: string): void {
  process.stderr.write(`suuupra-gateway: ${message}\n`);
}
