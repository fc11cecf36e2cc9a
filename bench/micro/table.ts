/** Figures of the micro-benchmarks as a plain table; and the words for a bar, which the report uses as well. */
import { numberText } from '../plot-scale.ts';
import { type Figure, isMet } from './benchmark.ts';

const Columns = ['min', 'median', 'max'] as const;

/** One group under its name. */
export function renderFigures(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    ...Columns.map((column) => numberText(figure[column])),
    figure.unit,
    figure.bytes === null ? '' : `${numberText(figure.bytes)} B`,
    barText(figure),
  ]);
  const head = [figures[0]?.group ?? '', ...Columns, '', 'allocated', 'bar'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const pad = (cell: string, column: number): string =>
    column === 0 || column === 4 || column === 6 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  return [head, ...rows].map((row) => `${row.map(pad).join('  ').trimEnd()}\n`).join('');
}

/** `''` without a bar; `met: max 3.1 ≤ 5`, `missed by 12 %: median 1.34 > 1.2`. */
export function barText(figure: Figure): string {
  const { bar } = figure;
  if (bar === null) return '';
  const value = figure[bar.of];
  if (isMet(figure) === true) return `met: ${bar.of} ${numberText(value)} ≤ ${numberText(bar.limit)}`;
  return `missed by ${numberText(100 * (value / bar.limit - 1))} %: ${bar.of} ${numberText(value)} > ${numberText(bar.limit)}`;
}
