/** A result as a table with its bars, for the terminal. */
import { type Bar, isMet, type Result } from './result.ts';
import { formatNumber, formatTable } from './table.ts';

export function formatResult(result: Result): string {
  const added = Object.values(result.targets).some(({ figures }) => figures?.['addedP50Micros'] !== undefined);
  const header = [
    'target',
    'CPU µs/request',
    'min',
    'max',
    'busiest thread',
    'gateway is',
    'requests/s',
    'p50 µs',
    'p99 µs',
    ...(added ? ['p50 added', 'p99 added'] : []),
    'errors',
  ];
  const rows = Object.entries(result.targets).map(([name, target]) => {
    const ratio = result.ratios[`gateway/${name}`];
    const { min, median, max } = target.cpuMicrosPerRequest;
    const numbers = [median, min, max, target.figures?.['busiestThreadMicrosPerRequest']].map(formatNumber);
    const { figures } = target;
    return [
      name,
      ...numbers,
      ratio === undefined ? (name === 'gateway' ? '' : '–') : `${ratio.toFixed(2)}×`,
      ...[target.requestsPerSecond, target.p50Micros, target.p99Micros].map(formatNumber),
      ...(added ? [figures?.['addedP50Micros'], figures?.['addedP99Micros']].map(formatNumber) : []),
      String(target.errors),
    ];
  });
  return [
    `\n${result.scenario}: ${result.about}\n`,
    formatTable(header, rows),
    ...disturbances(result),
    ...result.notes.map((note) => `${note}\n`),
    ...result.bars.map((bar) => `${formatBar(bar)}\n`),
  ].join('');
}

/** Up to this share a target's figures are taken for undisturbed. */
const Disturbing = 0.05;

function disturbances({ targets }: Result): readonly string[] {
  const names = Object.entries(targets).flatMap(([name, { figures }]) => {
    const share = figures?.['foreignShare'] ?? 0;
    return share > Disturbing ? [`${name} ${(share * 100).toFixed(0)} %`] : [];
  });
  return names.length === 0 ? [] : [`something else ran on the proxy's core: ${names.join(', ')}\n`];
}

export function formatBar(bar: Bar): string {
  const { what, unit, atMost, goal, measured } = bar;
  const limit = `≤ ${atMost}${unit}${goal === undefined ? '' : `, goal ${goal}${unit}`}`;
  if (measured === null) return `  not measured   ${what} ${limit}`;
  const share = Math.abs(measured / atMost - 1) * 100;
  const verdict = isMet(bar) ? `met by ${share.toFixed(0)} %` : `MISSED by ${share.toFixed(0)} %`;
  return `  ${verdict.padEnd(13)}  ${what}: ${measured.toFixed(2)}${unit} (${limit})`;
}
