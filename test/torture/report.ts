/** The table of `make torture`: one line for each row of each scenario, aligned, with the verdict. */
import { passed, type Row } from './scenario.ts';

/** `scenario` is its name; a row's part stands behind it. */
export interface Line {
  readonly scenario: string;
  readonly row: Row;
}

const headings = ['SCENARIO', 'SENT', 'FAILED', 'UNSAVABLE', 'P99', 'RECOVERED', 'VERDICT', 'NOTES'];
/** Columns of figures, which are aligned to the right. */
const figures = new Set([1, 2, 3, 4, 5]);

export function report(lines: readonly Line[]): string {
  const cells = lines.map(({ scenario, row }) => [
    row.part === undefined ? scenario : `${scenario} (${row.part})`,
    count(row.sent),
    count(row.failed),
    row.unsavable === undefined ? '-' : count(row.unsavable),
    millis(row.p99Millis),
    millis(row.recoverMillis),
    passed(row) ? 'ok' : 'MISSED',
    [...row.missed, row.notes].filter((text) => text !== '').join('; '),
  ]);
  const rows = [headings, ...cells];
  const widths = headings.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows
    .map((row) => row.map((text, i) => (figures.has(i) ? text.padStart(widths[i]!) : text.padEnd(widths[i]!))))
    .map((row) => `${row.join('  ').trimEnd()}\n`)
    .join('');
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function millis(value: number | null): string {
  if (value === null) return '-';
  return value < 10_000 ? `${value.toFixed(value < 10 ? 1 : 0)} ms` : `${(value / 1000).toFixed(1)} s`;
}
