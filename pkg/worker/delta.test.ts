/** A delta carries everything that differs and nothing else, and what it does not name stays the same object. */
import { describe, expect, test } from '@jest/globals';
import type { Ir } from '../ir/ir.ts';
import { type Delta, diff, patch, sameJson, sections, touched } from './delta.ts';

/** Numbers from 0 to 1, the same in every run. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** Some entries of every section; the sections' own shapes do not matter to a delta. */
function someIr(random: () => number): Ir {
  const entry = () => ({ a: Math.floor(random() * 3), b: [{ c: random() < 0.5 }, null], d: 'x' });
  const section = () => {
    const entries: Record<string, unknown> = {};
    for (const id of ['a/b', 'c/d', 'e', 'f']) if (random() < 0.6) entries[id] = entry();
    return entries;
  };
  return Object.fromEntries(sections.map((name) => [name, section()])) as Record<string, object> as Partial<Ir> as Ir;
}

const overTheWire = (delta: Delta): Delta => JSON.parse(JSON.stringify(delta)) as Delta;

test('patching with the difference gives the other, for any two', () => {
  const random = sequence(7);
  for (let i = 0; i < 500; i++) {
    const from = random() < 0.1 ? null : someIr(random);
    const to = someIr(random);
    expect(patch(from, overTheWire(diff(from, to)))).toEqual(to);
  }
});

test('entries and sections that do not differ keep their identity', () => {
  const random = sequence(11);
  const renewed: string[] = [];
  for (let i = 0; i < 200; i++) {
    const from = someIr(random);
    const to = someIr(random);
    const next = patch(from, overTheWire(diff(from, to)));
    for (const section of sections) {
      const old: Readonly<Record<string, unknown>> = from[section];
      if (sameJson(old, to[section]) && next[section] !== old) renewed.push(section);
      for (const [id, value] of Object.entries(next[section])) {
        if (sameJson(old[id], value) && value !== old[id]) renewed.push(id);
      }
    }
  }
  expect(renewed).toEqual([]);
});

test('a whole delta to one who has something keeps what is the same', () => {
  const ir = someIr(sequence(3));
  expect(patch(ir, overTheWire(diff(null, ir)))).toEqual(ir);
  for (const section of sections) expect(patch(ir, overTheWire(diff(null, ir)))[section]).toBe(ir[section]);
});

test('only sections that the caller owns are changed in place, and never those of the sender', () => {
  const random = sequence(13);
  let ir: Ir | null = null;
  let sent: Ir | null = null;
  for (let i = 0; i < 200; i++) {
    const to = someIr(random);
    const before: Ir | null = ir;
    const text = JSON.stringify([sent, ir && { ...ir, routes: {} }]);
    ir = patch(ir, i % 9 === 0 ? { kind: 'whole', ir: to } : diff(ir, to), ['routes']);
    expect(ir).toEqual(to);
    expect(ir.routes).not.toBe(to.routes);
    expect(ir.routes).toBe(before === null ? ir.routes : before.routes);
    expect(JSON.stringify([sent, before && { ...before, routes: {} }])).toBe(text);
    sent = to;
  }
});

test('a delta between equal ones is empty', () => {
  const ir = someIr(sequence(5));
  expect(touched(diff(ir, structuredClone(ir)))).toEqual([]);
});

test('a delta to nobody is a bug', () => {
  expect(() => patch(null, { kind: 'change', set: {}, remove: {} })).toThrow(/before the configuration/);
});

describe('JSON values are equal', () => {
  test.each([
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: undefined }, {}, true],
    [{}, { a: undefined }, true],
    [{ a: null }, {}, false],
    [[], {}, false],
    [[1], [1, 2], false],
    ['1', 1, false],
    [null, {}, false],
  ])('%j and %j: %s', (a, b, equal) => expect(sameJson(a, b)).toBe(equal));
});
