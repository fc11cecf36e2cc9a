/** The page and the chart that bench/report.ts writes: every bar is told, and nothing that was not measured looks as if it were. */
import { describe, expect, test } from '@jest/globals';
import type { Figure, MicroResult } from '../../bench/micro/benchmark.ts';
import { renderChart, renderPage } from '../../bench/report-page.ts';
import type { Bar, Result, TargetResult } from '../../bench/result.ts';

const target = (median: number, errors = 0): TargetResult => ({
  cpuMicrosPerRequest: { min: median - 1, median, max: median + 2 },
  requestsPerSecond: 50_000,
  p50Micros: 1_100,
  p99Micros: 2_200,
  errors,
});

function result(more: Partial<Result> = {}): Result {
  return {
    scenario: 'small',
    about: 'GET, 200 bytes',
    machine: { cpu: 'Some CPU', cores: 2, memory: 16, kernel: 'Linux 6.1', architecture: 'x64' },
    versions: { nginx: '1.22.1', 'nginx-64k': '1.22.1', gateway: '0.1.0' },
    rounds: 5,
    seconds: 2,
    targets: { nginx: target(20), gateway: target(18) },
    ratios: { 'gateway/nginx': 0.9 },
    bars: [],
    notes: [],
    ...more,
  };
}

const bar = (measured: number | null, goal?: number): Bar => ({
  what: 'CPU against nginx',
  atMost: 1,
  unit: '×',
  measured,
  ...(goal === undefined ? {} : { goal }),
});

const figure = (max: number, limit: number | null): Figure => ({
  group: 'parser',
  name: 'a | b',
  unit: 'ns',
  min: max / 4,
  median: max / 2,
  max,
  bytes: null,
  bar: limit === null ? null : { limit, of: 'max' },
});

const page = (results: readonly Result[], micro: MicroResult | null = null, text: string | null = null): string =>
  renderPage({ results, micro, cluster: null, whereTheTimeGoes: text });

describe('a bar', () => {
  test.each([
    ['that holds', bar(0.95), '| 1× |  | 0.95× | met by 5 % |'],
    ['whose goal holds', bar(0.8, 0.9), '| 1× | 0.9× | 0.80× | met by 20 %, and the goal |'],
    ['whose goal does not', bar(0.95, 0.9), '| 1× | 0.9× | 0.95× | met by 5 % |'],
    ['that does not hold', bar(1.25), '| 1× |  | 1.25× | **missed by 25 %** |'],
    ['that nobody measured', bar(null), '| 1× |  | – | not measured |'],
  ])('%s is told', (_, one, row) => {
    expect(page([result({ bars: [one] })])).toContain(`| small | CPU against nginx ${row}`);
  });

  test('is counted with those of single steps', () => {
    const micro = {
      node: 'v26.1.0',
      cpu: 'Some CPU',
      rounds: 9,
      figures: [figure(6, 5), figure(4, 5), figure(4, null)],
    };
    const text = page([result({ bars: [bar(0.9), bar(null), bar(2)] })], micro);
    expect(text).toContain('2 of 5 bars are met, 2 missed, 1 not measured.');
    expect(text).toContain('| single steps | parser: a \\| b (longest) | 5 ns |  | 6 ns | **missed by 20 %** |');
  });
});

describe('a scenario', () => {
  test('shows medians, extremes and ratios', () => {
    expect(page([result()])).toContain(
      '| target | CPU µs/request | lowest | highest | gateway is | requests/s | p50 µs | p99 µs | errors |\n' +
        '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n' +
        '| nginx | 20.0 | 19.0 | 22.0 | 0.90× | 50,000 | 1,100 | 2,200 | 0 |\n' +
        '| **gateway** | 18.0 | 17.0 | 20.0 |  | 50,000 | 1,100 | 2,200 | 0 |\n',
    );
  });

  test('without ratios has no column of them', () => {
    expect(page([result({ ratios: {} })])).toContain('| highest | requests/s |');
  });

  test('keeps the notes as they are', () => {
    expect(page([result({ notes: ['a  b', 'c | d'] })])).toContain('```text\na  b\nc | d\n```');
  });

  test('of another machine says so', () => {
    const machine = { ...result().machine, cpu: 'Other CPU' };
    expect(page([result(), result({ scenario: 'tls', machine })])).toContain(
      '`tls` comes from another machine: Other CPU',
    );
  });
});

test('what a person wrote is in it, and left out where nobody did', () => {
  expect(page([result()], null, 'In the kernel.\n')).toContain('## Where the time goes\n\nIn the kernel.\n');
  expect(page([result()])).not.toContain('Where the time goes');
});

describe('the chart', () => {
  const barsIn = (results: readonly Result[]): number =>
    [...renderChart(results).matchAll(/<rect class="s\d" [^>]*height="17"/g)].length;

  test('has a bar for each target of a comparison, and none for one that had errors', () => {
    expect(barsIn([result()])).toBe(2);
    expect(barsIn([result({ targets: { nginx: target(20, 3), gateway: target(18) } })])).toBe(1);
  });

  test('leaves out what compares the gateway with itself, and the memory of idle connections', () => {
    const alone = result({ scenario: 'scale', targets: { 'gateway-10-routes': target(20) } });
    expect(barsIn([alone, result({ scenario: 'idle' })])).toBe(0);
  });
});
