/**
 * `node test/strict/main.ts [requests] [responses] [amplification]`: the strictness tests as a command, with tables; all three if none is named.
 * Exit code 1 when something came through that must not, or an input costs the gateway ten times what it costs its sender; never for CPU time.
 */
import {
  type Amplification,
  heldRatio,
  Most,
  measureRequests,
  measureResponses,
  measureSpent,
  pausedScript,
  sentRatio,
} from './amplification.ts';
import { requestCases, responseCases } from './corpus.ts';
import { inspect, inspected } from './inspector.ts';
import { endServing } from './neighbours.ts';
import { runRequests } from './requests.ts';
import { runResponses, scriptOf } from './responses.ts';
import { logProblems, problemsOf, type Verdict } from './verdict.ts';
import { type LaneName, laneNames, startWorld, transports, type World } from './world.ts';

const parts = { requests: printRequests, responses: printResponses, amplification: printAmplification };
const isPart = (name: string): name is keyof typeof parts => Object.hasOwn(parts, name);

/** Worst inputs that a table of amplification shows. */
const Shown = 10;

const named = process.argv.slice(2);
const unknown = named.filter((name) => !isPart(name));
if (unknown.length > 0) throw new Error(`no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`);
for (const name of named.length > 0 ? named.filter(isPart) : (Object.keys(parts) as (keyof typeof parts)[]))
  await parts[name]();

async function printRequests(): Promise<void> {
  await printVerdicts('requests', (world, lane) => runRequests(world, lane, requestCases));
}

async function printResponses(): Promise<void> {
  await printVerdicts('responses', (world, lane) => runResponses(world, lane, responseCases));
}

async function printVerdicts(what: string, run: (world: World, lane: LaneName) => Promise<Verdict[]>): Promise<void> {
  const rows: string[][] = [['transport', 'lane', 'inputs', 'exchanges judged', 'wrong']];
  const wrong: string[] = [];
  for (const transport of transports) {
    const world = await startWorld({ transport, script: scriptOf(responseCases) });
    const judged: { readonly lane: LaneName; readonly verdicts: readonly Verdict[] }[] = [];
    for (const lane of laneNames) judged.push({ lane, verdicts: await run(world, lane) });
    const { violations, faults, exitCode, log } = await endServing(world);
    const logged = logProblems(
      judged.flatMap(({ verdicts }) => verdicts),
      log,
    );
    for (const { lane, verdicts } of judged) {
      const problems = verdicts.flatMap((each) => problemsOf(each).map((text) => `${each.input}, ${text}`));
      const inputs = new Set(verdicts.map(({ input }) => input)).size;
      rows.push([transport, lane, String(inputs), String(verdicts.length), String(problems.length)]);
      wrong.push(...problems.map((text) => `${transport}, ${lane}: ${text}`));
    }
    wrong.push(...[...violations, ...faults, ...logged].map((text) => `${transport}: ${text}`));
    if (exitCode !== 0) wrong.push(`${transport}: the gateway ended with ${exitCode}`);
  }
  print(`Hostile ${what}`, rows);
  for (const text of wrong) console.log(`  ${text}`);
  if (wrong.length > 0) process.exitCode = 1;
}

async function printAmplification(): Promise<void> {
  const world = await startWorld({ transport: 'handle', through: inspected, script: pausedScript(responseCases) });
  const inspector = await inspect(world.feature.gateway);
  const where = { world, lane: 'fast', inspector, connections: 8, exact: true } as const;
  const requests = await measureRequests(where, requestCases);
  const responses = await measureResponses(where, responseCases);
  const spent = await measureSpent(where, requestCases, 40);
  inspector.close();
  await world.stop();
  printFigures('Requests', requests);
  printFigures('Responses', responses);
  const times = [...spent].sort(([, a], [, b]) => b - a);
  print('CPU time of a request, times that of an ordinary one of its size: the most', [
    ['input', 'times'],
    ...times.slice(0, Shown).map(([input, ratio]) => [input, ratio.toFixed(2)]),
    ['(median)', (times[times.length >> 1]?.[1] ?? 0).toFixed(2)],
  ]);
  const over = [...requests, ...responses].filter((each) => sentRatio(each) > Most || heldRatio(each) > Most);
  for (const { input } of over) console.log(`more than ${Most} times: ${input}`);
  const slow = times.filter(([, ratio]) => ratio > Most);
  console.log(
    `${over.length} inputs send or hold more than ${Most} times; ${slow.length} take more than ${Most} times the CPU time`,
  );
  if (over.length > 0) process.exitCode = 1;
}

function printFigures(what: string, figures: readonly Amplification[]): void {
  for (const [name, ratio] of [
    ['sent', sentRatio],
    ['held', heldRatio],
  ] as const) {
    const most = figures.toSorted((a, b) => ratio(b) - ratio(a) || b[name] - a[name]).slice(0, Shown);
    print(`${what}: bytes ${name} for each byte received, the most`, [
      ['input', 'received', name, 'times'],
      ...most.map((each) => [
        each.input,
        String(each.received),
        String(Math.round(each[name])),
        ratio(each).toFixed(2),
      ]),
    ]);
  }
}

/** Columns in line: the first to the left, numbers to the right. */
function print(title: string, rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  console.log(`\n${title}`);
  for (const row of rows) {
    const cells = row.map((cell, i) => (/^[\d.]+$/.test(cell) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)));
    console.log(`  ${cells.join('  ')}`.trimEnd());
  }
  console.log();
}
