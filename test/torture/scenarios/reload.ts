/**
 * 10,000 routes on 1,000 hosts are replaced by 10,000 others under load: at once, as a mounted ConfigMap turns its `..data` link, and file by
 * file in place, as `rsync` or `git pull` do.
 *
 * A correct proxy saves everything here: whatever it has read, each request is served by the old route or by the new one.
 */
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { TestGateway } from '../../../pkg/testkit/gateway.ts';
import { send } from '../../examples/request.ts';
import { baseManifests, type Folder, routeManifest } from '../../features/folder.ts';
import { readLedger } from '../ledger.ts';
import { readMetrics } from '../metric.ts';
import type { Origin } from '../origin.ts';
import { MiB, watchResident } from '../resident.ts';
import type { Row, Scale, Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import type { Traffic } from '../traffic.ts';
import { within } from '../within.ts';

const RoutesPerFile = 100;
const PathsPerHost = 10;

export const reload: Scenario = {
  name: 'reload',
  title: '10,000 routes replaced by 10,000 others',
  run,
};

async function run(stage: Stage, scale: Scale): Promise<readonly Row[]> {
  const routes = scale === 'full' ? 10_000 : 1000;
  const reloads = scale === 'full' ? 5 : 1;
  const origin = await stage.origin('one');
  const rows: Row[] = [];
  for (const way of [atOnce, fileByFile]) {
    const folder = await stage.folder({ 'base.yaml': baseManifests({ one: origin.port }) });
    await way.begin(folder, manifests(routes, 0));
    const gateway = await stage.gateway(folder);
    rows.push(await play({ stage, gateway, folder, origin, way, routes, reloads }));
    gateway.process.kill('SIGKILL');
    await gateway.stop();
  }
  return rows;
}

interface Way {
  readonly name: string;
  begin(folder: Folder, files: Files): Promise<void>;
  replace(folder: Folder, files: Files, generation: number): Promise<void>;
}

type Files = ReadonlyMap<string, string>;

const atOnce: Way = {
  name: 'at once',
  async begin({ path }, files) {
    await writeAll(join(path, '..0'), files);
    await symlink('..0', join(path, '..data'));
    for (const name of files.keys()) await symlink(join('..data', name), join(path, name));
  },
  async replace({ path }, files, generation) {
    await writeAll(join(path, `..${generation}`), files);
    await symlink(`..${generation}`, join(path, '..next'));
    await rename(join(path, '..next'), join(path, '..data'));
  },
};

const fileByFile: Way = {
  name: 'file by file',
  begin: ({ path }, files) => writeAll(path, files),
  replace: ({ path }, files) => writeAll(path, files),
};

async function writeAll(folder: string, files: Files): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of files) await writeFile(join(folder, name), text);
}

interface Play {
  readonly stage: Stage;
  readonly gateway: TestGateway;
  readonly folder: Folder;
  readonly origin: Origin;
  readonly way: Way;
  readonly routes: number;
  readonly reloads: number;
}

async function play({ stage, gateway, folder, origin, way, routes, reloads }: Play): Promise<Row> {
  const hosts = routes / PathsPerHost;
  const traffics = [0, 1, 2, 3].map((i) =>
    stage.traffic({
      port: gateway.port(80),
      host: hostOf(Math.floor((i * (hosts - 1)) / 3)),
      kept: 6,
      fresh: 1,
      rate: 250,
      prefix: (connection) => `/p${connection % PathsPerHost}/`,
    }),
  );
  const memory = watchResident(gateway);
  const stalls = watchStalls(gateway);
  stage.defer(() => [memory.stop(), stalls.stop()]);
  await setTimeout(1000);
  const calm = stalls.take();
  const times: number[] = [];
  let stale = 0;
  const begin = performance.now();
  for (let generation = 1; generation <= reloads; generation++) {
    const files = manifests(routes, generation);
    await way.replace(folder, files, generation);
    const written = performance.now();
    const wanted = `generation-${generation}`;
    await within(60, 'the new routes are live', () => isEverywhere(gateway, hosts, wanted));
    times.push(performance.now() - written);
    // Not a single old one from here on, on whichever worker.
    for (let i = 0; i < 40; i++) if ((await generationOf(gateway, (i * 7) % hosts, i)) !== wanted) stale++;
    await setTimeout(500);
  }
  const end = performance.now();
  await setTimeout(1000);
  const busy = stalls.take();
  stalls.stop();
  memory.stop();
  await Promise.all(traffics.map((traffic) => traffic.stop()));
  const missed = await missedBy(traffics, origin);
  if (stale > 0) missed.push(`${stale} answers of routes that had been replaced everywhere`);
  return {
    part: `${way.name}, ${routes.toLocaleString('en-US')}`,
    sent: sum(traffics, ({ sent }) => sent),
    failed: sum(traffics, ({ failures }) => failures.length),
    p99Millis: Math.max(...traffics.map((traffic) => traffic.percentile(0.99, begin, end) ?? 0)),
    recoverMillis: Math.max(...times),
    missed,
    notes: `${reloads} reloads, live after ${times.map((time) => time.toFixed(0)).join(', ')} ms; a worker stalled ${busy.toFixed(0)} ms at most (${calm.toFixed(0)} ms without), a request ${Math.max(...traffics.map((traffic) => traffic.percentile(1, begin, end) ?? 0)).toFixed(0)} ms; memory ${Math.round(memory.most / MiB)} MiB at most`,
  };
}

/** The origins' books hold all four together, so ids do: what counts here is that nothing came back wrong. */
async function missedBy(traffics: readonly Traffic[], origin: Origin): Promise<string[]> {
  const missed: string[] = [];
  for (const traffic of traffics) {
    const { misrouted, invented } = await readLedger(traffic, [origin]);
    if (misrouted > 0) missed.push(`${misrouted} answers of another request or damaged`);
    if (invented > 0) missed.push(`${invented} answers that no origin gave`);
  }
  return missed;
}

function sum(traffics: readonly Traffic[], of: (traffic: Traffic) => number): number {
  return traffics.reduce((total, traffic) => total + of(traffic), 0);
}

/** Several connections see the new routes of the first, the middle and the last host: all workers have them. */
async function isEverywhere(gateway: TestGateway, hosts: number, wanted: string): Promise<boolean> {
  for (let i = 0; i < 12; i++) {
    const host = [0, Math.floor(hosts / 2), hosts - 1][i % 3] ?? 0;
    if ((await generationOf(gateway, host, i)) !== wanted) return false;
  }
  return true;
}

async function generationOf(gateway: TestGateway, host: number, path: number): Promise<string> {
  const url = new URL(`http://${hostOf(host)}/p${path % PathsPerHost}/0`);
  return String((await send(url, gateway.port(80))).headers['x-generation']);
}

function hostOf(index: number): string {
  return `h${index}.example.com`;
}

function manifests(routes: number, generation: number): Files {
  const filter = `filters: [{ type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: x-generation, value: generation-${generation} }] } }]`;
  const files = new Map<string, string>();
  for (let first = 0; first < routes; first += RoutesPerFile) {
    const documents = Array.from({ length: RoutesPerFile }, (_, k) => {
      const i = first + k;
      const match = `matches: [{ path: { type: PathPrefix, value: /p${i % PathsPerHost} } }]`;
      const rule = `[{ ${match}, ${filter}, backendRefs: [{ name: one, port: 8080 }] }]`;
      return routeManifest(`r${i}`, rule, hostOf(Math.floor(i / PathsPerHost)));
    });
    files.set(`routes-${first / RoutesPerFile}.yaml`, documents.join('---\n'));
  }
  return files;
}

/** The longest time in which a worker's event loop did not turn, in milliseconds: the gateway tells that of the last second. */
function watchStalls(gateway: TestGateway) {
  let most = 0;
  const look = async (): Promise<void> => {
    const values = await readMetrics(gateway, 'suuupra_event_loop_delay_max_seconds').catch(() => []);
    most = Math.max(most, ...values.map((value) => value * 1000));
  };
  const timer = setInterval(() => void look(), 300);
  return {
    /** Since the last time. */
    take(): number {
      const taken = most;
      most = 0;
      return taken;
    },
    stop: () => clearInterval(timer),
  };
}
