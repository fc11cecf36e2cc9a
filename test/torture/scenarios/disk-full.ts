/**
 * The disk of the last known good and of the access log is full, edits go on, the disk has room again; and the process that writes the last known
 * good is killed in the middle of it, again and again.
 *
 * A correct proxy saves every request: no edit waits for a disk. The file that was saved before stays as it is, byte for byte, the problem is
 * told, and the newest configuration is saved once there is room, without another edit. Log lines of the meantime are lost, and counted. After
 * a SIGKILL at any moment the file is whole, and the gateway starts from it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readFile, watch } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createLastKnownGood, type Saved } from '../../../pkg/controller/last-known-good.ts';
import { systemClock } from '../../../pkg/store/clock.ts';
import { freePorts } from '../../../pkg/testkit/ports.ts';
import { send } from '../../examples/request.ts';
import { baseManifests, routeManifest } from '../../features/folder.ts';
import { readLedger } from '../ledger.ts';
import { readMetric } from '../metric.ts';
import type { Row, Scale, Scenario } from '../scenario.ts';
import { createSmallDisk } from '../small-disk.ts';
import type { Stage } from '../stage.ts';
import { within } from '../within.ts';

export const diskFull: Scenario = {
  name: 'disk-full',
  title: 'no room for the last known good and the access log; killed while saving',
  run: (stage, scale) => Promise.all([fullDisk(stage, scale), killedSaver(stage, scale), killedGateway(stage, scale)]),
};

async function fullDisk(stage: Stage, scale: Scale): Promise<Row> {
  const origin = await stage.origin('one');
  const folder = await stage.folder({ 'base.yaml': baseManifests({ one: origin.port }), 'route.yaml': edit(0) });
  const disk = await createSmallDisk(join(stage.scratch, 'disk'));
  const [file, log] = ['last.json', 'access.log'];
  const args = [`--last-known-good=${join(disk.folder, file)}`, `--access-log=${join(disk.folder, log)}`];
  const gateway = await stage.gateway(folder, { args, through: disk.through });
  const read = (name: string): Promise<string> => readFile(disk.pathOf(gateway, name), 'utf8');
  const traffic = stage.traffic({ port: gateway.port(80), kept: 16, fresh: 2, rate: 300 });

  const saved = await within(60, 'the first configuration is saved', () => read(file).catch(() => ''));
  await disk.fill(gateway);
  const edits = scale === 'full' ? 30 : 4;
  let changed = 0;
  for (let i = 1; i <= edits; i++) {
    await folder.write('route.yaml', edit(i));
    await within(60, 'an edit is live', async () => (await editServed(gateway.port(80))) === i);
    if ((await read(file)) !== saved) changed++;
    await setTimeout(200);
  }
  await gateway.said(/the last known good could not be saved/);
  await within(60, 'lost log lines are counted', async () => (await readMetric(gateway, Dropped)) > 0);

  const freed = performance.now();
  await disk.free(gateway);
  await within(60, 'the newest is saved', async () => (await read(file)).includes(`"edit-${edits}"`));
  const recovered = performance.now() - freed;
  await setTimeout(500);
  await traffic.stop();
  // The writer has a tenth of a second for its last batch.
  await within(60, 'the log goes on', async () => (await read(log)).includes(`/t/${traffic.sent}"`));
  const lines = (await read(log)).split('\n').slice(0, -1);
  const whole = lines.filter(isJson).length;
  const dropped = await readMetric(gateway, Dropped);
  const { missed } = await readLedger(traffic, [origin]);
  return {
    part: 'full',
    sent: traffic.sent,
    failed: traffic.failures.length,
    p99Millis: traffic.percentile(0.99),
    recoverMillis: recovered,
    missed: [
      ...missed,
      ...(changed > 0 ? [`the saved file changed ${changed} times while the disk was full`] : []),
      ...(isJson(saved) ? [] : ['the saved file was no JSON']),
      // Beside the load it is this scenario that asks.
      ...(whole + dropped >= traffic.sent ? [] : [`${traffic.sent} requests, ${whole} lines, ${dropped} dropped`]),
    ],
    notes: `${edits} edits on ${disk.means}, all live; saved again by itself; ${dropped} log lines dropped and counted`,
  };
}

const Dropped = 'suuupra_access_log_dropped_total';

/** Any number of times: killed while it saves a megabyte again and again. */
async function killedSaver(stage: Stage, scale: Scale): Promise<Row> {
  const kills = scale === 'full' ? 60 : 8;
  const folder = join(stage.scratch, 'saver');
  await mkdir(folder);
  const file = join(folder, 'last.json');
  let version = 1;
  let lastSaved = 0;
  let halfway = 0;
  const corrupt: string[] = [];
  for (let i = 0; i < kills; i++) {
    const child = spawn(process.execPath, [join(import.meta.dirname, '../saver-main.ts'), file, String(version)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    stage.defer(() => child.kill('SIGKILL'));
    const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    await once(child.stdout, 'data');
    await setTimeout(Math.random() * 150);
    child.kill('SIGKILL');
    const [, signal] = await exit;
    if (signal !== 'SIGKILL') throw new Error('the saver ended by itself');
    if (await exists(`${file}.new`)) halfway++;
    const saved = await load(file);
    // Killed before its first save was whole: there is nothing yet that could be lost.
    const nothing = saved === undefined && lastSaved === 0 && !(await exists(file));
    const fault = nothing ? null : faultOf(saved, version);
    if (fault !== null) corrupt.push(fault);
    lastSaved = saved?.version ?? lastSaved;
    version = (saved?.version ?? version) + 1;
  }
  return {
    part: 'killed while saving',
    sent: kills,
    failed: corrupt.length,
    p99Millis: null,
    recoverMillis: null,
    missed: corrupt.slice(0, 3),
    notes: `${kills} SIGKILLs, ${halfway} with a new file half written; the last saved version was ${lastSaved}`,
  };
}

/** The whole gateway, killed as soon as it begins to write; it must start from what is there. */
async function killedGateway(stage: Stage, scale: Scale): Promise<Row> {
  const kills = scale === 'full' ? 8 : 1;
  const origin = await stage.origin('two');
  const folder = await stage.folder({ 'base.yaml': baseManifests({ one: origin.port }), 'route.yaml': edit(0, 300) });
  const place = join(stage.scratch, 'gateway');
  await mkdir(place);
  // What is saved names the port that was bound.
  const [port = 0] = await freePorts(1);
  const args = [`--last-known-good=${join(place, 'last.json')}`, `--port-map=80:${port}`];
  const missed: string[] = [];
  let slowest = 0;
  for (let i = 1; i <= kills; i++) {
    const gateway = await stage.gateway(folder, { args, workers: 0 });
    await within(60, 'the first configuration is saved', () => exists(join(place, 'last.json')));
    await folder.write('route.yaml', edit(i, 300));
    await appears(place, 'last.json.new');
    await setTimeout(Math.random() * 5);
    const exit = once(gateway.process, 'exit');
    gateway.process.kill('SIGKILL');
    await exit;
    const saved = await load(join(place, 'last.json'));
    const edits = new Set(JSON.stringify(saved?.ir.filters).match(/edit-\d+/g));
    if (edits.size !== 1)
      missed.push(`after a kill the file held ${edits.size === 0 ? 'nothing' : [...edits].join(' and ')}`);

    const began = performance.now();
    const empty = await stage.folder({});
    const again = await stage.gateway(empty, { args, workers: 0 });
    slowest = Math.max(slowest, performance.now() - began);
    if (![i, i - 1].includes(await editServed(port))) missed.push('a gateway did not serve what was saved');
    again.process.kill('SIGKILL');
    await again.stop();
  }
  return {
    part: 'gateway killed',
    sent: kills,
    failed: missed.length,
    p99Millis: null,
    recoverMillis: slowest,
    missed,
    notes: `${kills} SIGKILLs while it saved; started again without its source each time`,
  };
}

function edit(i: number, rules = 1): string {
  const filter = `filters: [{ type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: x-edit, value: edit-${i} }] } }]`;
  const rule = `{ ${filter}, backendRefs: [{ name: one, port: 8080 }] }`;
  return Array.from({ length: rules }, (_, k) =>
    routeManifest(`r${k}`, `[${rule}]`, k === 0 ? 'a.example.com' : `r${k}.example.com`),
  ).join('---\n');
}

/** -1: no answer. */
async function editServed(port: number): Promise<number> {
  const answer = await send(new URL('http://a.example.com/t/0'), port).catch(() => null);
  return Number(/\d+/.exec(String(answer?.headers['x-edit']))?.[0] ?? -1);
}

async function load(file: string): Promise<Saved | undefined> {
  const log = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };
  return createLastKnownGood({ file, keys: true, log, clock: systemClock }).load();
}

/** @param least what was known to be there before */
function faultOf(saved: Saved | undefined, least: number): string | null {
  if (saved === undefined) return 'the file cannot be read';
  const routes = Object.values(saved.ir.routes as Record<string, unknown> as Record<string, { version: number }>);
  if (routes.length !== 1000 || routes.some(({ version }) => version !== saved.version))
    return 'two versions in one file';
  return saved.version < least - 1 ? `version ${saved.version} after ${least - 1}` : null;
}

/** Resolves when a file of this name is made. */
async function appears(folder: string, name: string): Promise<void> {
  for await (const event of watch(folder, { signal: AbortSignal.timeout(60_000) })) if (event.filename === name) return;
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}
