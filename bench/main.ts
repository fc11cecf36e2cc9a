/** `make bench`: what a request costs here beside nginx, HAProxy and Envoy in the same run. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkTarget } from './check.ts';
import { createFleet } from './fleet.ts';
import { install } from './install.ts';
import { chooseCores, describeMachine, findVersions } from './machine.ts';
import { startOrigin } from './origin.ts';
import { formatResult } from './print.ts';
import { writeReport } from './report.ts';
import type { Result } from './result.ts';
import { scenarios } from './scenarios/all.ts';
import type { Bench, Scenario } from './scenarios/scenario.ts';
import { selfTest } from './selftest.ts';
import { readSettings, type Settings } from './settings.ts';
import { createSite } from './site.ts';
import { directTarget } from './targets/direct.ts';
import { envoyTarget } from './targets/envoy.ts';
import { floorTarget } from './targets/floor.ts';
import { gateway, gatewayOnUndici } from './targets/gateway.ts';
import { haproxy } from './targets/haproxy.ts';
import { nginx, nginx64k } from './targets/nginx.ts';
import type { Target } from './targets/target.ts';
import { buildTools } from './tools.ts';

/** They proxy nothing, or nothing but bytes. */
const unchecked: ReadonlySet<string> = new Set(['direct', 'floor']);

const results = join(import.meta.dirname, 'results');

try {
  process.exitCode = await main(readSettings());
} catch (error) {
  process.stderr.write(`bench: ${Error.isError(error) ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function main(settings: Settings): Promise<number> {
  const wanted = scenarios.filter(({ name }) => settings.scenarios.length === 0 || settings.scenarios.includes(name));
  const unknown = settings.scenarios.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0) {
    throw new Error(
      `SCENARIO: there is no ${unknown.join(', ')}; there are ${scenarios.map((s) => s.name).join(', ')}`,
    );
  }
  const cores = chooseCores();
  // Where Debian puts nginx and HAProxy.
  process.env['PATH'] = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  await install(settings.cache, print);
  const tools = await buildTools(settings.cache);
  const directory = await mkdtemp(join(tmpdir(), 'suuupra-bench-'));
  const origin = await startOrigin(tools.origin, cores.load, directory);
  const targets: readonly Target[] = [
    directTarget(origin),
    nginx,
    nginx64k,
    haproxy,
    envoyTarget(settings.cache),
    gateway,
    gatewayOnUndici,
    floorTarget(tools.floor),
  ];
  const machine = describeMachine();
  const versions = await findVersions(targets);
  const available = (name: string): boolean => unchecked.has(name) || versions[name] !== undefined;
  for (const { name } of targets) if (!available(name)) print(`${name} is not to be had here and left out`);
  const site = createSite();
  const fleet = createFleet({
    targets,
    wanted: settings.targets,
    available,
    site,
    originPort: origin.port,
    core: cores.proxy,
    directory,
    print,
    check: async (name, running) => (unchecked.has(name) ? [] : checkTarget(running, site, origin)),
  });
  let ending: Promise<void> | null = null;
  const end = (): Promise<void> => {
    ending ??= (async () => {
      await fleet.stop();
      await origin.stop();
      await rm(directory, { recursive: true, force: true });
    })();
    return ending;
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => void end().then(() => process.exit(130)));
  // Whoever read the tables has gone.
  process.stdout.on('error', () => void end().then(() => process.exit(1)));

  print(
    `${machine.cpu}, ${machine.cores} cores, ${machine.kernel}; proxies on core ${cores.proxy}, the rest on ${cores.load}`,
  );
  print(
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  );
  let errors = 0;
  try {
    await selfTest(tools.load, cores.load, origin, directory);
    for (const scenario of wanted) {
      const measured = await measure(scenario, {
        settings,
        machine,
        versions,
        cores,
        tools,
        origin,
        site,
        directory,
        print,
        shared: fleet.shared,
        fresh: fleet.fresh,
        faults: fleet.faults,
      });
      if (measured === null) errors++;
      for (const result of measured ?? []) {
        process.stdout.write(formatResult(result));
        await save(result, settings);
        errors += Object.values(result.targets).reduce((sum, target) => sum + target.errors, 0);
      }
    }
  } finally {
    await end();
  }
  if (!settings.quick && settings.targets.length === 0) print(`\nwritten: ${writeReport().join(', ')}`);
  errors += fleet.failures();
  if (errors > 0) print(`\n${errors} errors: ratios against targets with errors are not shown`);
  return errors > 0 ? 1 : 0;
}

/** A scenario that breaks, because a proxy died say, takes no other with it; null then. */
async function measure(scenario: Scenario, bench: Bench): Promise<readonly Result[] | null> {
  try {
    return await scenario.run(bench);
  } catch (error) {
    print(`\n${scenario.name} broke off: ${Error.isError(error) ? error.message : String(error)}`);
    return null;
  }
}

/** Short or partial runs do not take the place of whole ones. */
async function save(result: Result, { quick, targets }: Settings): Promise<void> {
  const folder = quick || targets.length > 0 ? join(results, 'partial') : results;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${result.scenario}.json`), `${JSON.stringify(result, null, 2)}\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
