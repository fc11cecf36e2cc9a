import { describe, expect, test } from '@jest/globals';
import type { Backend } from '../../ir/route.ts';
import { chooseBackend } from './backends.ts';
import type { Candidate } from './balancer.ts';
import { LeastRequest } from './least-request.ts';
import { RoundRobin } from './round-robin.ts';

const named = (...weights: number[]): Candidate[] =>
  weights.map((weight, i) => ({ name: String.fromCharCode(97 + i), weight, load: 0 }));

/** A small generator, so that a failing run can be repeated. */
const seeded = (seed: number) => (): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return seed / 2_147_483_648;
};

const count = (names: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};

describe('RoundRobin', () => {
  const turn = (candidates: readonly Candidate[], picks: number, random = 0, avoid = ''): string => {
    const balancer = new RoundRobin<Candidate>(() => random);
    return Array.from({ length: picks }, () => balancer.pick(candidates, avoid).name).join('');
  };

  test.each([
    ['equal weights in turn', named(1, 1, 1), 7, 'abcabca'],
    ['one', named(5), 3, 'aaa'],
    ['weights spread smoothly', named(5, 1, 1), 7, 'aabacaa'],
    ['weight 0 left out', named(1, 0, 1), 4, 'acac'],
    ['nothing but weight 0 served all the same', named(0, 0), 4, 'abab'],
  ])('%s', (_, candidates, picks, expected) => {
    expect(turn(candidates, picks)).toBe(expected);
  });

  test('each worker starts elsewhere', () => {
    expect(turn(named(1, 1, 1, 1), 5, 0.5)).toBe('cdabc');
  });

  test('huge weights keep their proportion', () => {
    const counts = count(turn(named(1_000_000, 333_333), 4096).split(''));
    expect(counts['a']! / counts['b']!).toBeCloseTo(3, 1);
  });

  test('avoids the endpoint that failed while there is another', () => {
    expect(turn(named(1, 1, 1), 4, 0, 'a')).toBe('bcbc');
    expect(turn(named(1), 2, 0, 'a')).toBe('aa');
  });

  test('a new set starts a new turn', () => {
    const balancer = new RoundRobin<Candidate>(() => 0);
    balancer.pick(named(1, 1, 1), '');
    expect(balancer.pick(named(1, 1), '').name).toBe('a');
  });
});

describe('LeastRequest', () => {
  test.each([
    [[3, 1, 2], [1, 1, 1], '', 'b'],
    [[3, 1, 2], [1, 1, 1], 'b', 'c'],
    [[4, 2], [10, 1], '', 'a'],
    [[7], [1], 'a', 'a'],
  ])('loads %j of weights %j without %j: %s', (loads, weights, avoid, expected) => {
    const candidates = named(...weights).map((each, i) => ({ ...each, load: loads[i]! }));
    for (const random of [0, 0.4, 0.99])
      expect(new LeastRequest(() => random).pick(candidates, avoid).name).toBe(expected);
  });

  test('of many it draws two and takes the better; equals are served evenly', () => {
    const random = seeded(1);
    const candidates = Array.from({ length: 20 }, (_, i) => ({ name: `e${i}`, weight: 1, load: i === 0 ? 100 : 0 }));
    const balancer = new LeastRequest<Candidate>(random);
    const counts = count(Array.from({ length: 4000 }, () => balancer.pick(candidates, '').name));
    expect(counts['e0'] ?? 0).toBe(0);
    expect(Math.min(...candidates.slice(1).map(({ name }) => counts[name]!))).toBeGreaterThan(120);
    expect(balancer.pick(candidates, 'e1').name).not.toBe('e1');
  });
});

describe('chooseBackend', () => {
  const backend = (cluster: string | null, weight: number, priority = 0): Backend => ({
    cluster,
    weight,
    priority,
    filters: [],
  });
  const usable = (cluster: string): boolean => !cluster.startsWith('down');
  const choose = (backends: readonly Backend[], random: number): string | null | undefined =>
    chooseBackend(backends, usable, random)?.cluster;

  test.each([
    ['by weight', [backend('a', 9), backend('b', 1)], 0.89, 'a'],
    ['by weight, the rest', [backend('a', 9), backend('b', 1)], 0.91, 'b'],
    ['never weight 0', [backend('a', 0), backend('b', 1)], 0, 'b'],
    ['no weight at all', [backend('a', 0), backend('b', 0)], 0.5, undefined],
    ['one with weight 0', [backend('a', 0)], 0.5, undefined],
    ['none', [], 0.5, undefined],
    ['an unresolved reference keeps its share', [backend(null, 1), backend('b', 1)], 0.2, null],
    ['a backend without endpoints keeps its share', [backend('down', 1), backend('b', 1)], 0.2, 'down'],
    ['a lower priority that serves', [backend('a', 1), backend('b', 1, 1)], 0.99, 'a'],
    ['a higher one when the lower does not', [backend('down', 1), backend('b', 1, 1), backend('c', 1, 2)], 0.99, 'b'],
    ['the lowest when none serves', [backend('down1', 1, 3), backend('down2', 1, 5)], 0.99, 'down1'],
    ['priorities without weight are none', [backend('a', 0), backend('b', 1, 7)], 0, 'b'],
    ['rounding at the end', [backend('a', 1), backend('b', 1)], 1, 'b'],
  ] as const)('%s', (_, backends, random, expected) => {
    expect(choose(backends, random)).toBe(expected);
  });

  test('shares hold over many requests', () => {
    const random = seeded(7);
    const backends = [backend('a', 70), backend('b', 20), backend('c', 10)];
    const counts = count(Array.from({ length: 20_000 }, () => String(choose(backends, random()))));
    expect(Math.abs(counts['a']! / 20_000 - 0.7)).toBeLessThan(0.02);
    expect(Math.abs(counts['c']! / 20_000 - 0.1)).toBeLessThan(0.02);
  });
});
