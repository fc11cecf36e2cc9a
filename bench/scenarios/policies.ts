/**
 * What each policy adds to a request. All of them are routes of one gateway, asked in turn with a route that has none, so that neither
 * what else the machine does nor how one process happens to be compiled favours any of them.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { writeRequests } from '../load.ts';
import { startOrigin } from '../origin.ts';
import { bare, type PolicyCase, policyCases, policyHost, policyManifests } from '../policy-cases.ts';
import { checkPolicies } from '../policy-check.ts';
import { bareJson, startIntrospection } from '../policy-service-cases.ts';
import type { Bar } from '../result.ts';
import { type Drive, leastDisturbed, loadDrive, measurePaired } from '../rounds.ts';
import { createSite, type Site, siteRequests } from '../site.ts';
import { round, spread } from '../statistics.ts';
import { formatNumber, formatTable } from '../table.ts';
import { gatewayManifests } from '../targets/gateway.ts';
import { manifestText, type RunningGateway, startGateway } from '../targets/gateway-process.ts';
import { resultOf } from './closed-loop.ts';
import type { Bench, Scenario } from './scenario.ts';

const Connections = 64;
/** Short rounds: what is compared runs within seconds of each other. */
const Seconds = 0.5;
const WarmUpSeconds = 1;
/** ms until what happened stands in the access log. */
const LogDelay = 1_000;

/** The same route in a process that has no other: of this checkout, and of the one before. */
const alone = 'bare-alone';
const before = 'before';
/** What this release may cost a route that uses nothing of it: what a measurement cannot tell from nothing. */
const Unnoticed = 1.02;

export const policies: Scenario = {
  name: 'policies',
  about: 'GET, 200 bytes, 64 connections kept alive: a route with each policy, everything cached, against one without',
  async run(whole) {
    const { quick } = whole.settings;
    const settings = quick ? whole.settings : { ...whole.settings, seconds: Seconds, warmUpSeconds: WarmUpSeconds };
    const bench: Bench = { ...whole, settings };
    const authorizer = await startOrigin(bench.tools.origin, bench.cores.load, await folder(bench, 'authorizer'));
    const introspection = await startIntrospection();
    const ports = { authorizer: authorizer.port, introspection: introspection.port };
    const cases = policyCases(ports).filter(({ certificate }) => certificate === undefined);
    const [plain] = cases;
    if (plain === undefined) throw new Error('there is no route without policies');
    const started: RunningGateway[] = [];
    const start = async (name: string, of: readonly PolicyCase[], checkout?: string): Promise<RunningGateway> => {
      const running = await startOn(bench, name, of, checkout);
      started.push(running);
      return running;
    };
    try {
      const one = await start('policies', cases);
      const faults = await checkPolicies(one, cases);
      for (const fault of faults) bench.print(fault);
      if (faults.length > 0) throw new Error('not every policy is in force');
      // Their lines of the access log, which are no requests of the warm-up.
      await setTimeout(LogDelay);
      // A Running of its own for each: by it the drive knows which requests to send.
      const targets = new Map(cases.map(({ name }) => [name, { ...one }]));
      if (settings.before !== null) {
        targets.set(alone, await start(alone, [plain]));
        targets.set(before, await start(before, [plain], settings.before));
      }
      const drives = new Map<object, Drive>();
      for (const [name, running] of targets) {
        const each = cases.find((each) => each.name === name) ?? plain;
        const requests = join(bench.directory, `${name}.requests`);
        await writeRequests(requests, siteRequests(siteOf([each]), { ...each, answer: 200 }));
        drives.set(running, loadDrive(bench, { connections: Connections, requests }));
      }
      const measured = await measurePaired(bench, {
        targets,
        drive: (running, seconds) => drives.get(running)!(running, seconds),
      });
      const compare = (name: string, other: string): Ratio | null =>
        measured.targets[name]!.errors + measured.targets[other]!.errors > 0
          ? null
          : ratioOf(measured.samples.get(name)!, measured.samples.get(other)!, settings.rounds);
      const pairs = [...targets.keys()].flatMap((name): (readonly [string, string])[] => {
        if (name === bare || name === bareJson || name === before) return [];
        return [[name, name === alone ? before : (cases.find((each) => each.name === name)?.against ?? bare)]];
      });
      const ratios = new Map(pairs.map(([name, other]) => [`${name}/${other}`, compare(name, other)]));
      const bars: Bar[] = cases.flatMap(({ name, atMost }) =>
        atMost === undefined
          ? []
          : [
              {
                what: `CPU per request, ${name} against ${bare}`,
                atMost,
                unit: '×',
                measured: ratios.get(`${name}/${bare}`)?.median ?? null,
              },
            ],
      );
      const since = ratios.get(`${alone}/${before}`);
      if (since !== undefined) {
        bars.push({
          what: 'CPU per request without policies, against the release before them',
          atMost: Unnoticed,
          unit: '×',
          measured: since?.median ?? null,
        });
      }
      return [
        resultOf(bench, {
          scenario: policies.name,
          about: policies.about,
          targets: measured.targets,
          ratios: {},
          bars,
          notes: table(ratios),
        }),
      ];
    } finally {
      for (const running of started) await running.stop();
      introspection.stop();
      await authorizer.stop();
    }
  },
};

function siteOf(cases: readonly PolicyCase[]): Site {
  return { ...createSite(0), hosts: cases.map(({ name }) => policyHost(name)) };
}

async function startOn(
  bench: Bench,
  name: string,
  cases: readonly PolicyCase[],
  checkout?: string,
): Promise<RunningGateway> {
  const directory = await folder(bench, name);
  const site = siteOf(cases);
  const prefix = site.prefixes.at(-1)!;
  return startGateway({
    directory,
    core: bench.cores.proxy,
    ...(checkout === undefined ? {} : { checkout }),
    manifests: {
      'site.yaml': await gatewayManifests(site, bench.origin.port),
      'policies.yaml': manifestText(policyManifests(cases)),
    },
    ready: { host: policyHost(bare), path: `${prefix}10` },
    routeOf: ({ route }) => String(route),
  });
}

async function folder({ directory }: Bench, name: string): Promise<string> {
  const path = join(directory, name);
  await mkdir(path);
  return path;
}

interface Ratio {
  readonly min: number;
  readonly median: number;
  readonly max: number;
  /** µs. */
  readonly added: number;
}

interface Sample {
  readonly cpu: number;
  readonly foreign: number;
}

/** Of the rounds in which least else ran beside both. */
function ratioOf(samples: readonly Sample[], others: readonly Sample[], rounds: number): Ratio {
  const paired = samples.map(({ cpu, foreign }, i) => {
    const other = others[i]!;
    return { ratio: cpu / other.cpu, added: cpu - other.cpu, foreign: Math.max(foreign, other.foreign) };
  });
  const chosen = leastDisturbed(paired, rounds);
  const { min, median, max } = spread(chosen.map(({ ratio }) => ratio));
  const added = spread(chosen.map(({ added }) => added)).median;
  return { min: round(min, 3), median: round(median, 3), max: round(max, 3), added: round(added, 2) };
}

function table(ratios: ReadonlyMap<string, Ratio | null>): readonly string[] {
  const rows = [...ratios].map(([pair, ratio]) => [
    pair,
    ...(ratio === null
      ? ['–', '–', '–', '–']
      : [`${ratio.median.toFixed(2)}×`, ratio.min.toFixed(2), ratio.max.toFixed(2), formatNumber(ratio.added)]),
  ]);
  return formatTable(['ratios within a round', 'median', 'min', 'max', 'µs added'], rows).trimEnd().split('\n');
}
