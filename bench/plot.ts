/**
 * Charts as SVG text, for docs/performance.svg and the memory plot of test/torture. Pure functions: figures in, text out.
 * The picture has its own background and follows the reader's colour scheme, so that it can stand on any page.
 */
import { numberText, place, type Scale, scaleOf } from './plot-scale.ts';

export interface Series {
  readonly name: string;
  /** In the order of x. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LineChart {
  readonly title: string;
  /** With its unit: `requests`, `time (s)`. */
  readonly xLabel: string;
  readonly yLabel: string;
  /** Eight at most are told apart by their colour. */
  readonly series: readonly Series[];
  /** Lowest value of the y axis; default 0: an axis that does not begin there makes noise look like a trend. */
  readonly yFrom?: number;
}

export interface Bar {
  readonly value: number;
  /** Drawn as a whisker. */
  readonly min?: number;
  readonly max?: number;
}

export interface BarGroup {
  readonly name: string;
  /** Beside `BarChart.series`; null where there is nothing to show, which takes no room. */
  readonly bars: readonly (Bar | null)[];
}

export interface BarChart {
  readonly title: string;
  /** What a bar's length is, with its unit. */
  readonly valueLabel: string;
  /** Names of the bars within each group. */
  readonly series: readonly string[];
  readonly groups: readonly BarGroup[];
  /**
   * `shared`: one axis for all groups. `each`: the longest bar of each group fills the width, for groups whose sizes differ by far; the values
   * stand at the bars.
   */
  readonly scale: 'shared' | 'each';
}

const Width = 860;
const Plot = { left: 84, right: 24, top: 84, height: 320 } as const;
const Row = { bar: 17, gap: 3, between: 16, value: 120 } as const;

/** Told apart by people who do not see red or green (Okabe and Ito), in a shade for each background. */
const colours = [
  ['#0072b2', '#56a9e8'],
  ['#d55e00', '#f08445'],
  ['#009e73', '#2fc296'],
  ['#b0568a', '#de94bd'],
  ['#b98200', '#e6b23c'],
  ['#3d8fc4', '#9ad4f7'],
  ['#6b5bb5', '#a99bea'],
  ['#5f6b76', '#a9b4be'],
] as const;

/** A line for each series over one x axis. */
export function lineChart(chart: LineChart): string {
  const points = chart.series.flatMap((series) => series.points);
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const x = { ...extent(xs), ticks: scaleOf(...edges(xs), 8).ticks };
  const y = scaleOf(chart.yFrom ?? 0, edges(ys)[1]);
  const box = { left: Plot.left, right: Width - Plot.right, top: Plot.top, bottom: Plot.top + Plot.height };
  const parts = [heading(chart.title), legend(chart.series.map(({ name }) => name))];
  for (const tick of y.ticks) {
    const at = place(y, tick, box.bottom, box.top);
    parts.push(line(box.left, at, box.right, at, 'grid'), text(box.left - 8, at + 4, numberText(tick), 'end'));
  }
  for (const tick of x.ticks) {
    if (tick < x.min || tick > x.max) continue;
    const at = place(x, tick, box.left, box.right);
    parts.push(line(at, box.bottom, at, box.bottom + 5, 'axis'), text(at, box.bottom + 20, numberText(tick), 'middle'));
  }
  parts.push(line(box.left, box.bottom, box.right, box.bottom, 'axis'));
  for (const [i, series] of chart.series.entries()) {
    const path = thinned(series.points, 2 * (box.right - box.left))
      .map(([px, py]) => `${round(place(x, px, box.left, box.right))},${round(place(y, py, box.bottom, box.top))}`)
      .join(' ');
    parts.push(
      `<polyline class="s${i % colours.length} line" points="${path}"><title>${escaped(series.name)}</title></polyline>`,
    );
  }
  parts.push(
    text((box.left + box.right) / 2, box.bottom + 42, chart.xLabel, 'middle', 'quiet'),
    text(box.left, Plot.top - 12, chart.yLabel, 'start', 'quiet'),
  );
  return svg(box.bottom + 58, chart.title, parts);
}

/** Groups of horizontal bars, the value beside each. */
export function barChart(chart: BarChart): string {
  const box = { left: 40 + 8 * Math.max(8, ...chart.groups.map(({ name }) => name.length)), right: Width - Row.value };
  const all = scaleOf(0, longest(chart.groups));
  const parts = [heading(chart.title), legend(chart.series)];
  const rows: string[] = [];
  let at: number = Plot.top;
  for (const group of chart.groups) {
    const scale = chart.scale === 'shared' ? all : { min: 0, max: longest([group]), ticks: [] };
    const shown = group.bars.flatMap((bar, i) => (bar === null ? [] : [{ bar, i }]));
    const height = Math.max(1, shown.length) * (Row.bar + Row.gap) - Row.gap;
    rows.push(text(box.left - 10, at + height / 2 + 4, group.name, 'end', 'name'));
    for (const [row, { bar, i }] of shown.entries())
      rows.push(barOf(bar, i, at + row * (Row.bar + Row.gap), box, scale));
    at += height + Row.between;
  }
  const bottom = at - Row.between + 8;
  for (const tick of chart.scale === 'shared' ? all.ticks : []) {
    const x = place(all, tick, box.left, box.right);
    parts.push(line(x, Plot.top - 6, x, bottom, 'grid'), text(x, bottom + 16, numberText(tick), 'middle'));
  }
  parts.push(...rows, line(box.left, Plot.top - 6, box.left, bottom, 'axis'));
  parts.push(text(box.left, bottom + 38, chart.valueLabel, 'start', 'quiet'));
  return svg(bottom + 52, chart.title, parts);
}

function barOf(
  bar: Bar,
  index: number,
  y: number,
  box: { readonly left: number; readonly right: number },
  scale: Scale,
): string {
  const middle = y + Row.bar / 2;
  const end = place(scale, bar.value, box.left, box.right);
  const whisker =
    bar.min === undefined || bar.max === undefined
      ? ''
      : line(
          place(scale, bar.min, box.left, box.right),
          middle,
          place(scale, bar.max, box.left, box.right),
          middle,
          'whisker',
        );
  const valueAt = Math.max(end, place(scale, bar.max ?? bar.value, box.left, box.right)) + 6;
  return (
    `<rect class="s${index % colours.length}" x="${box.left}" y="${round(y)}" width="${round(Math.max(1, end - box.left))}" height="${Row.bar}" rx="2"/>` +
    whisker +
    text(valueAt, middle + 4, numberText(bar.value), 'start')
  );
}

function longest(groups: readonly BarGroup[]): number {
  return edges(groups.flatMap(({ bars }) => bars.flatMap((bar) => (bar === null ? [] : [bar.max ?? bar.value]))))[1];
}

/** At most `count` points that look the same: of each stretch the first, the lowest, the highest and the last. */
function thinned(points: Series['points'], count: number): Series['points'] {
  if (points.length <= count) return points;
  const stretch = Math.ceil((4 * points.length) / count);
  const kept: (readonly [number, number])[] = [];
  for (let from = 0; from < points.length; from += stretch) {
    const part = points.slice(from, from + stretch);
    const low = part.reduce((a, b) => (b[1] < a[1] ? b : a));
    const high = part.reduce((a, b) => (b[1] > a[1] ? b : a));
    const chosen = new Set([part[0]!, low, high, part.at(-1)!]);
    kept.push(...part.filter((point) => chosen.has(point)));
  }
  return kept;
}

// No spread into Math.min: a plot of an hour has more points than a call takes arguments.
function edges(values: readonly number[]): [least: number, most: number] {
  if (values.length === 0) return [0, 1];
  return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
}

function extent(values: readonly number[]): { readonly min: number; readonly max: number } {
  const [min, max] = edges(values);
  return { min, max: max > min ? max : min + 1 };
}

function heading(title: string): string {
  return text(24, 28, title, 'start', 'title');
}

function legend(names: readonly string[]): string {
  let at = 24;
  return names
    .map((name, i) => {
      const x = at;
      at += 30 + 7 * name.length;
      return `<rect class="s${i % colours.length}" x="${x}" y="38" width="12" height="12" rx="2"/>${text(x + 18, 48, name, 'start')}`;
    })
    .join('');
}

function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return `<line class="${kind}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end', kind = ''): string {
  const style = kind === '' ? '' : ` class="${kind}"`;
  return `<text${style} x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function svg(height: number, title: string, parts: readonly string[]): string {
  const fills = (shade: 0 | 1): string =>
    colours.map((pair, i) => `.s${i}{fill:${pair[shade]};stroke:${pair[shade]}}`).join('');
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${Width} ${round(height)}" width="${Width}" height="${round(height)}" role="img" aria-label="${escaped(title)}">\n` +
    '<style>text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-size:17px;font-weight:600}.name{font-weight:600}.quiet{fill:#57606a}' +
    '.back{fill:#fff;stroke:#d0d7de}.grid{stroke:#e4e8ec}.axis{stroke:#8c959f}.whisker{stroke:#24292f;stroke-width:1.5}rect{stroke-width:0}.back{stroke-width:1}' +
    `${fills(0)}.line{fill:none;stroke-width:2;stroke-linejoin:round}` +
    '@media(prefers-color-scheme:dark){text{fill:#e6edf3}.quiet{fill:#9aa4ae}.back{fill:#0d1117;stroke:#30363d}.grid{stroke:#262c34}.axis{stroke:#6e7681}' +
    `.whisker{stroke:#e6edf3}${fills(1)}.line{fill:none}}</style>\n` +
    `<rect class="back" x="0.5" y="0.5" width="${Width - 1}" height="${round(height - 1)}" rx="6"/>\n${parts.join('\n')}\n</svg>\n`
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
