/** The page about performance, as Markdown, and its chart. Pure; report.ts reads the results and writes the files. */
import { type Figure, isMet as isFigureMet, type MicroResult } from './micro/benchmark.ts';
import { type BarGroup, barChart } from './plot.ts';
import { numberText } from './plot-scale.ts';
import { type Bar, isMet, type Result, type TargetResult } from './result.ts';
import { formatNumber } from './table.ts';

export interface Page {
  /** In the order in which they stand. */
  readonly results: readonly Result[];
  readonly micro: MicroResult | null;
  /** From `make figures`. */
  readonly cluster: ClusterResult | null;
  /** Markdown that a person wrote. */
  readonly whereTheTimeGoes: string | null;
}

/** In the order of the chart's bars. */
const Charted = ['gateway', 'nginx', 'nginx-64k', 'haproxy', 'envoy', 'floor'] as const;

export interface ClusterResult {
  readonly figures: readonly { readonly what: string; readonly measured: string; readonly bar: string }[];
}

export function renderPage({ results, micro, cluster, whereTheTimeGoes }: Page): string {
  return [
    '<!-- Written by `make bench` (bench/report.ts) from bench/results: do not edit. -->',
    '# Performance',
    'What a request costs in this gateway beside nginx, HAProxy and Envoy, which did the same work in the same run on the same machine.',
    '![CPU per request](performance.svg)',
    '## What was to be reached',
    bars(results, micro),
    '## The machine',
    machine(results, micro),
    '## How it is measured',
    method(results),
    '## Scenarios',
    ...results.flatMap(scenario),
    ...(micro === null ? [] : ['## Single steps', singleSteps(micro)]),
    ...(cluster === null ? [] : ['## In a cluster', inCluster(cluster)]),
    ...(whereTheTimeGoes === null ? [] : ['## Where the time goes', whereTheTimeGoes.trim()]),
    '## Again, on your machine',
    again,
  ]
    .map((part) => `${part}\n`)
    .join('\n');
}

/** CPU per request of every scenario that compares the gateway with somebody else. */
export function renderChart(results: readonly Result[]): string {
  const compared = results.filter(
    ({ scenario, targets }) =>
      targets['gateway'] !== undefined && targets['nginx'] !== undefined && scenario !== 'idle',
  );
  const series = Charted.filter((name) => compared.some(({ targets }) => targets[name] !== undefined));
  const groups = compared.map(({ scenario, targets }): BarGroup => {
    const bars = series.map((name) => {
      const target = targets[name];
      if (target === undefined || target.errors > 0) return null;
      const { min, median, max } = target.cpuMicrosPerRequest;
      return { value: median, min, max };
    });
    return { name: scenario, bars };
  });
  return barChart({
    title: 'CPU per request in µs: median, lowest and highest round',
    valueLabel: 'Shorter is better. Each scenario has its own scale.',
    series,
    groups,
    scale: 'each',
  });
}

function bars(results: readonly Result[], micro: MicroResult | null): string {
  const rows = [
    ...results.flatMap(({ scenario, bars }) => bars.map((bar) => [scenario, ...barRow(bar)])),
    ...(micro?.figures ?? []).flatMap((figure) =>
      figure.bar === null ? [] : [['single steps', ...figureRow(figure)]],
    ),
  ];
  const missed = rows.filter((row) => row.at(-1)?.startsWith('**') === true).length;
  const unknown = rows.filter((row) => row.at(-1) === 'not measured').length;
  const sum = `${rows.length - missed - unknown} of ${rows.length} bars are met, ${missed} missed${unknown === 0 ? '' : `, ${unknown} not measured`}.`;
  return `${sum}\n\n${table(['scenario', 'bar', 'at most', 'goal', 'measured', ''], rows, 2)}`;
}

function barRow(bar: Bar): readonly string[] {
  const { what, atMost, goal, unit, measured } = bar;
  return [
    what,
    `${atMost}${unit}`,
    goal === undefined ? '' : `${goal}${unit}`,
    measured === null ? '–' : `${formatNumber(measured)}${unit}`,
    verdict(isMet(bar), measured, atMost, goal),
  ];
}

function figureRow(figure: Figure): readonly string[] {
  const { group, name, unit, bar } = figure;
  const value = figure[bar!.of];
  return [
    `${group}: ${name}${bar!.of === 'max' ? ' (longest)' : ''}`,
    `${numberText(bar!.limit)} ${unit}`,
    '',
    `${numberText(value)} ${unit}`,
    verdict(isFigureMet(figure), value, bar!.limit),
  ];
}

function verdict(met: boolean | null, measured: number | null, atMost: number, goal?: number): string {
  if (met === null || measured === null) return 'not measured';
  const share = `${Math.abs((measured / atMost - 1) * 100).toFixed(0)} %`;
  if (!met) return `**missed by ${share}**`;
  return goal !== undefined && measured <= goal ? `met by ${share}, and the goal` : `met by ${share}`;
}

function inCluster({ figures }: ClusterResult): string {
  const rows = figures.map(({ what, measured, bar }) => `| ${what} | ${measured} | ${bar} |`);
  return `By \`make figures\`, on a Kubernetes that shares the two cores with the gateway, the load and the one who asks; its API server is compiled without
optimisation. "Live" is the first request that the new rule answers, from when the change was sent to the API server.

| what | measured | bar |
| --- | ---: | --- |
${rows.join('\n')}`;
}

function machine(results: readonly Result[], micro: MicroResult | null): string {
  const [first] = results;
  if (first === undefined) return 'Nothing was measured.';
  const { cpu, cores, memory, kernel, architecture } = first.machine;
  const versions = Object.assign({}, ...results.map((result) => result.versions)) as Readonly<Record<string, string>>;
  const text = Object.entries(versions)
    .filter(([name, version]) => !name.includes('-') && /^\d/.test(version))
    .map(([name, version]) => `${name} ${version}`);
  const others = results.filter((result) => JSON.stringify(result.machine) !== JSON.stringify(first.machine));
  return [
    `${cpu}, ${cores} cores (${architecture}), ${formatNumber(memory)} GiB, ${kernel}. ${text.join(', ')}.`,
    ...others.map(
      ({ scenario, machine }) => `\`${scenario}\` comes from another machine: ${machine.cpu}, ${machine.kernel}.`,
    ),
    ...(micro === null || micro.cpu === cpu ? [] : [`The single steps come from another machine: ${micro.cpu}.`]),
  ].join('\n');
}

function method(results: readonly Result[]): string {
  const rounds = [...new Set(results.map((result) => result.rounds))].join(', ');
  return [
    'The figure is CPU time per request: user and system time of all threads of the whole process tree, divided by the requests.',
    'The proxy is pinned to one core, the load generator and the origin to another; every proxy has one worker.',
    'All do the same work: 2,000 routes on 200 hosts, X-Forwarded-*, a request id, a JSON access log in a file, metrics per route where they have them.',
    `Targets are measured in turn, round by round (${rounds} rounds here), in another order each time; tables show the median with the lowest and highest round.`,
    'Every answer is checked, and so is what arrives at the origin; a target with errors gets no ratio.',
    '\n[bench/README.md](../bench/README.md) says more: what each configuration does alike and what not.',
  ].join('\n');
}

function scenario({ scenario: name, about, targets, ratios, notes }: Result): readonly string[] {
  const entries = Object.entries(targets);
  const subject = subjectOf(ratios);
  const ratioTitle = subject === undefined ? [] : [`${subject} is`];
  const [some] = entries;
  const cpuTitle = some === undefined ? '' : 'CPU µs/request';
  const header = ['target', cpuTitle, 'lowest', 'highest', ...ratioTitle, 'requests/s', 'p50 µs', 'p99 µs', 'errors'];
  const rows = entries.map(([target, result]) => [
    target === subject ? `**${target}**` : target,
    ...cpu(result),
    ...(subject === undefined ? [] : [ratioText(ratios[`${subject}/${target}`])]),
    ...[result.requestsPerSecond, result.p50Micros, result.p99Micros].map(formatNumber),
    String(result.errors),
  ]);
  const text = notes.length === 0 ? [] : [`\`\`\`text\n${notes.join('\n')}\n\`\`\``];
  return [`### ${name}`, `${about.charAt(0).toUpperCase()}${about.slice(1)}.`, table(header, rows, 1), ...text];
}

/** Whose ratios they are: the gateway's, or one variant of it against another. */
function subjectOf(ratios: Result['ratios']): string | undefined {
  return Object.keys(ratios)[0]?.split('/', 1)[0];
}

function cpu({ cpuMicrosPerRequest: { min, median, max } }: TargetResult): readonly string[] {
  return [median, min, max].map(formatNumber);
}

function ratioText(ratio: number | undefined): string {
  return ratio === undefined ? '' : `${ratio.toFixed(2)}×`;
}

function singleSteps({ figures, rounds, node }: MicroResult): string {
  const groups = [...new Set(figures.map(({ group }) => group))];
  const text = `One step at a time in one thread (\`make bench-micro\`), ${rounds} rounds, Node ${node.replace(/^v/, '')}. Bytes are what one operation allocates on the heap.`;
  const tables = groups.map((group) => {
    const rows = figures
      .filter((figure) => figure.group === group)
      .map(({ name, min, median, max, unit, bytes }) => [
        name,
        `${numberText(median)} ${unit}`,
        numberText(min),
        numberText(max),
        bytes === null ? '' : numberText(bytes),
      ]);
    return table([group, 'median', 'lowest', 'highest', 'bytes'], rows, 1);
  });
  return [text, ...tables].join('\n\n');
}

const again = `\`\`\`sh
make bench         # everything, about a quarter of an hour: tables, bench/results/*.json, and this page
make bench-micro   # single steps
\`\`\`

It needs Linux with two cores, and installs what is missing where it can (Debian). \`SCENARIO=small,tls\`, \`TARGETS=gateway,nginx\` and \`ROUNDS=9\` choose.`;

/** @param left how many columns are text */
function table(header: readonly string[], rows: readonly (readonly string[])[], left: number): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const ruler = header.map((_, i) => (i < left || (i === header.length - 1 && header[i] === '') ? '---' : '---:'));
  return [line(header), line(ruler), ...rows.map(line)].join('\n');
}
