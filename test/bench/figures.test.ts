/** The pure parts of the benchmark: figures, bars, settings, and what wrk prints. */
import { describe, expect, test } from '@jest/globals';
import { barsOf } from '../../bench/bars.ts';
import { cpuTimes, cpuUse } from '../../bench/cpu.ts';
import { parseCores } from '../../bench/machine.ts';
import { formatBar, formatResult } from '../../bench/print.ts';
import type { Bar, Result, TargetResult } from '../../bench/result.ts';
import { leastDisturbed, rotated } from '../../bench/rounds.ts';
import { readSettings } from '../../bench/settings.ts';
import { median, ratiosOf, spread } from '../../bench/statistics.ts';
import { formatNumber, formatTable } from '../../bench/table.ts';
import { parseWrk } from '../../bench/wrk.ts';

const target = (cpu: number, errors = 0): TargetResult => ({
  cpuMicrosPerRequest: { min: cpu - 1, median: cpu, max: cpu + 1 },
  requestsPerSecond: 50_000,
  p50Micros: 1000,
  p99Micros: 2000,
  errors,
});

describe('a median', () => {
  test.each<[number[], number]>([
    [[3], 3],
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[10, 9, 100], 10],
  ])('of %j is %d', (values, expected) => expect(median(values)).toBe(expected));

  test('of nothing is no number', () => expect(median([])).toBeNaN());
  test('comes with the smallest and the largest', () =>
    expect(spread([5, 1, 3])).toEqual({ min: 1, median: 3, max: 5 }));
});

describe('ratios', () => {
  test('compare the medians of CPU per request', () =>
    expect(ratiosOf({ nginx: target(20), haproxy: target(16), gateway: target(18) })).toEqual({
      'gateway/nginx': 0.9,
      'gateway/haproxy': 1.125,
    }));
  test('leave out a peer with errors', () =>
    expect(ratiosOf({ nginx: target(20, 1), haproxy: target(16), gateway: target(18) })).toEqual({
      'gateway/haproxy': 1.125,
    }));
  test('are none when the gateway has errors', () =>
    expect(ratiosOf({ nginx: target(20), gateway: target(1, 1) })).toEqual({}));
  test('are none without the gateway', () => expect(ratiosOf({ nginx: target(20), haproxy: target(10) })).toEqual({}));
  test('compare another figure when told so', () =>
    expect(ratiosOf({ nginx: target(20), gateway: target(1) }, ({ p50Micros }) => p50Micros)).toEqual({
      'gateway/nginx': 1,
    }));
  test('leave out what is no number', () =>
    expect(ratiosOf({ nginx: target(0), gateway: target(Number.NaN) })).toEqual({}));
});

describe('bars', () => {
  const measured = (scenario: string, ratios: Record<string, number>): (number | null)[] =>
    barsOf(scenario, ratios).map((bar) => bar.measured);

  test('of small stand against each peer', () =>
    expect(barsOf('small', { 'gateway/nginx': 0.91 })).toEqual([
      { what: 'CPU per request against nginx', atMost: 0.95, goal: 0.9, unit: '×', measured: 0.91 },
      { what: 'CPU per request against haproxy', atMost: 1.05, goal: 0.95, unit: '×', measured: null },
      { what: 'CPU per request against envoy', atMost: 0.35, goal: 0.3, unit: '×', measured: null },
    ]));
  test('of 1m stand against the better nginx', () =>
    expect(measured('1m', { 'gateway/nginx': 0.4, 'gateway/nginx-64k': 0.95 })).toEqual([0.95, null, null]));
  test('of 1m are not measured with one nginx alone', () =>
    expect(measured('1m', { 'gateway/nginx': 0.4 })).toEqual([null, null, null]));
  test('are none for what has none', () => expect(barsOf('small-wrk', {})).toEqual([]));

  const bar = (value: number | null): Bar => ({ what: 'CPU', atMost: 2, goal: 1, unit: '×', measured: value });
  test.each<[number | null, string]>([
    [1.5, '  met by 25 %    CPU: 1.50× (≤ 2×, goal 1×)'],
    [2, '  met by 0 %     CPU: 2.00× (≤ 2×, goal 1×)'],
    [3, '  MISSED by 50 %  CPU: 3.00× (≤ 2×, goal 1×)'],
    [null, '  not measured   CPU ≤ 2×, goal 1×'],
  ])('are printed with how much %p misses', (value, expected) => expect(formatBar(bar(value))).toBe(expected));
});

describe('a result', () => {
  const result = (targets: Record<string, TargetResult>): Result => ({
    scenario: 'small',
    about: 'GET',
    rounds: 1,
    seconds: 1,
    notes: [],
    versions: {},
    targets,
    machine: { cpu: 'x', cores: 2, memory: 1, kernel: 'Linux', architecture: 'x64' },
    ratios: ratiosOf(targets),
    bars: barsOf('small', ratiosOf(targets)),
  });
  test('is printed with ratios', () =>
    expect(formatResult(result({ nginx: target(20), gateway: target(18) }))).toMatch(/^nginx .* 0\.90× .* 0$/m));
  test('with errors is printed without', () => {
    const text = formatResult(result({ nginx: target(20, 3), gateway: target(18) }));
    expect(text).toMatch(/^nginx .* – .* 3$/m);
    expect(text).toContain('not measured   CPU per request against nginx');
  });
});

describe('rounds', () => {
  test('come in another order each time, and none is left out', () => {
    const orders = Array.from({ length: 6 }, (_, i) => rotated(['a', 'b', 'c'], i).join(''));
    expect(orders).toEqual(['abc', 'acb', 'cab', 'cba', 'bca', 'bac']);
  });
});

describe('of the rounds', () => {
  const shares = (list: number[], count: number): number[] =>
    leastDisturbed(
      list.map((foreign) => ({ foreign })),
      count,
    ).map(({ foreign }) => foreign);
  test('those count in which the least else ran', () =>
    expect(shares([0.5, 0.01, 0.3, 0.02], 2)).toEqual([0.01, 0.02]));
  test('all count if there are no more', () => expect(shares([0.5, 0.1], 2)).toEqual([0.1, 0.5]));
});

describe('settings', () => {
  test('are five long rounds of everything by default', () =>
    expect(readSettings({})).toMatchObject({ scenarios: [], targets: [], rounds: 5, seconds: 2, quick: false }));
  test('are lists, a number and a switch', () =>
    expect(readSettings({ SCENARIO: 'small, tls', TARGETS: 'gateway', ROUNDS: '3', QUICK: '1' })).toMatchObject({
      scenarios: ['small', 'tls'],
      targets: ['gateway'],
      rounds: 3,
      quick: true,
    }));
  test.each(['0', 'x', '1.5', '-1', '101'])('refuse ROUNDS=%s', (rounds) =>
    expect(() => readSettings({ ROUNDS: rounds })).toThrow('ROUNDS'),
  );
  test('keep the cache where the user keeps caches', () =>
    expect(readSettings({ XDG_CACHE_HOME: '/c' }).cache).toBe('/c/suuupra-gateway/bench'));
});

describe('cores', () => {
  test.each<[string, number[]]>([
    ['0', [0]],
    ['0-3', [0, 1, 2, 3]],
    ['1,4-5', [1, 4, 5]],
  ])('%s are %j', (list, cores) => expect(parseCores(list)).toEqual(cores));
});

describe('CPU time', () => {
  test('is that of all threads, and of the busiest', () => {
    const before = new Map([
      [1, 100],
      [2, 50],
      [3, 7],
    ]);
    const after = new Map([
      [1, 110],
      [2, 90],
      [4, 5],
    ]);
    expect(cpuUse(before, after)).toEqual({ total: 55, busiest: 40 });
  });
  test('of a process that does not exist is none', () => expect(cpuTimes(2 ** 30).size).toBe(0));
});

describe('numbers', () => {
  test.each<[number | null, string]>([
    [1.234, '1.23'],
    [12.345, '12.3'],
    [123.45, '123'],
    [1_234_567, '1,234,567'],
    [null, '–'],
    [Number.NaN, '–'],
  ])('%p is %s', (value, expected) => expect(formatNumber(value)).toBe(expected));
  test('stand in columns', () =>
    expect(
      formatTable(
        ['a', 'n'],
        [
          ['long', '1'],
          ['b', '20×'],
        ],
      ),
    ).toBe('a       n\nlong    1\nb     20×\n'));
});

describe('the output of wrk', () => {
  const output = (...more: string[]): string =>
    [
      'Running 2s test @ http://127.0.0.1:8080',
      '  1 threads and 64 connections',
      '  Thread Stats   Avg      Stdev     Max   +/- Stdev',
      '    Latency     1.23ms  345.00us  12.00ms   90.00%',
      '    Req/Sec    51.20k     1.20k   53.00k    80.00%',
      '  Latency Distribution',
      '     50%    1.18ms',
      '     75%    1.40ms',
      '     90%  980.00us',
      '     99%    1.02s',
      '  102400 requests in 2.10s, 48.00MB read',
      ...more,
      'Requests/sec:  51200.00',
    ].join('\n');
  const none = { status: 0, length: 0, body: 0, transport: 0, unanswered: 0 };

  test('is requests, seconds and percentiles', () =>
    expect(parseWrk(output())).toMatchObject({
      requests: 102_400,
      seconds: 2.1,
      p50: 1180,
      p90: 980,
      p99: 1_020_000,
      errors: none,
    }));
  test('counts what went wrong', () =>
    expect(
      parseWrk(output('  Socket errors: connect 1, read 2, write 4, timeout 8', '  Non-2xx or 3xx responses: 16'))
        .errors,
    ).toEqual({ ...none, transport: 7, unanswered: 8, status: 16 }));
  test('without a summary is refused', () => expect(() => parseWrk('unable to connect')).toThrow('unable to connect'));
});
