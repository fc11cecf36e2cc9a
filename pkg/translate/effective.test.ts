import { describe, expect, test } from '@jest/globals';
import type { Mode } from '../api/policies.ts';
import type { Filter } from '../ir/filter.ts';
import { type PolicyKey, placeOf } from '../policy/order.ts';
import { effectivePolicies, type RankedLevel } from './effective.ts';
import { type CompiledKey, type Level, Rank } from './policy-level.ts';

let count = 0;

/** A level that says one thing; `refuses` are the requests (bits) that its filter would refuse. */
function level(rank: number, keys: readonly CompiledKey[], created = 0): RankedLevel {
  const name = `ns/p${count++}`;
  const overrides = rank >= Rank.OverridesSetListener;
  return { rank, level: { from: `GatewayPolicy ${name}`, created, name, overrides, keys, unread: [] } satisfies Level };
}

function key(name: PolicyKey, mode: Mode, refuses: number): CompiledKey {
  // No translator made it: only who is in force is asked here.
  const filter = { kind: name, config: { refuses }, ...(mode === 'Shadow' && { mode }) } as unknown as Filter;
  return { key: name, mode, path: `spec.policies.${name}`, problems: [], ...(mode !== 'Disabled' && { filter }) };
}

const broken = (name: PolicyKey, mode: Mode = 'Enforce'): CompiledKey => ({
  key: name,
  mode,
  path: `spec.policies.${name}`,
  problems: [{ path: 'p', reason: 'UnsupportedValue', message: 'no' }],
});

const states = (levels: readonly RankedLevel[]) =>
  effectivePolicies(levels).origins.map(({ level, state, by }) => [level.name, state, by?.name]);

describe('a key that replaces', () => {
  test('is taken from the strongest level as a unit', () => {
    const gateway = level(Rank.Gateway, [key('cors', 'Enforce', 1)]);
    const route = level(Rank.Route, [key('cors', 'Enforce', 2)]);
    const { filters } = effectivePolicies([route, gateway]);
    expect(filters).toEqual([route.level.keys[0]?.filter]);
    expect(states([route, gateway])).toEqual([
      [gateway.level.name, 'Overridden', route.level.name],
      [route.level.name, 'Enforced', undefined],
    ]);
  });

  test('Disabled drops what Defaults above gave, and not what Overrides say', () => {
    const gateway = level(Rank.Gateway, [key('cors', 'Enforce', 1)]);
    const floor = level(Rank.OverridesGateway, [key('cors', 'Enforce', 1)]);
    const off = level(Rank.Inline, [key('cors', 'Disabled', 0)]);
    expect(effectivePolicies([gateway, off]).filters).toEqual([]);
    expect(effectivePolicies([gateway, off, floor]).filters).toEqual([floor.level.keys[0]?.filter]);
  });

  test('in Shadow runs beside what is in force, and replaces nothing', () => {
    const gateway = level(Rank.Gateway, [key('cors', 'Enforce', 1)]);
    const trial = level(Rank.Rule, [key('cors', 'Shadow', 2)]);
    expect(effectivePolicies([gateway, trial]).filters).toEqual([
      gateway.level.keys[0]?.filter,
      trial.level.keys[0]?.filter,
    ]);
    // What it would not replace need not be tried.
    const floor = level(Rank.OverridesGateway, [key('cors', 'Enforce', 1)]);
    expect(effectivePolicies([trial, floor]).filters).toEqual([floor.level.keys[0]?.filter]);
  });

  test.each([
    ['the older', 20, 10, 1],
    ['with equal ages the first by name', 10, 10, 0],
  ])('said twice for one target: %s wins, and the other is told', (_, first, second, winner) => {
    const two = [
      level(Rank.Route, [key('cors', 'Enforce', 1)], first),
      level(Rank.Route, [key('cors', 'Enforce', 2)], second),
    ];
    const { origins } = effectivePolicies(two);
    expect(origins.find(({ state }) => state === 'Enforced')?.level).toBe(two[winner]?.level);
    expect(origins.find(({ state }) => state === 'Overridden')).toMatchObject({
      by: two[winner]?.level,
      conflict: true,
    });
  });
});

test('a policy that several of its targets bring says the same once, where it is strongest', () => {
  const both = level(Rank.Gateway, [key('cors', 'Enforce', 1), key('ipAccess', 'Enforce', 2)]);
  const section = { level: both.level, rank: Rank.Listener };
  const other = level(Rank.Gateway, [key('cors', 'Enforce', 4)], 1);
  const { origins, filters } = effectivePolicies([both, other, section, { ...section }]);
  expect(filters).toHaveLength(2);
  expect(origins.map(({ level: { name }, key: { key: of }, state, conflict }) => [of, name, state, conflict])).toEqual([
    ['ipAccess', both.level.name, 'Enforced', undefined],
    ['cors', other.level.name, 'Overridden', undefined],
    ['cors', both.level.name, 'Enforced', undefined],
  ]);
});

describe('a key that cannot be built', () => {
  test('closes the rule if it protects, and is left out if not', () => {
    expect(effectivePolicies([level(Rank.Route, [broken('authentication')])]).faults).toHaveLength(1);
    const open = effectivePolicies([level(Rank.Route, [broken('cors')])]);
    expect([open.faults, open.origins.map(({ state }) => state)]).toEqual([[], ['LeftOut']]);
  });

  test('closes nothing in Shadow, or where it is overridden', () => {
    const shadow = level(Rank.Route, [broken('authentication', 'Shadow')]);
    const lower = level(Rank.Gateway, [broken('authentication')]);
    const upper = level(Rank.Route, [key('authentication', 'Enforce', 1)]);
    expect(effectivePolicies([shadow]).faults).toEqual([]);
    expect(effectivePolicies([lower, upper]).faults).toEqual([]);
  });
});

test('what a level above refuses, no policy added below lets pass: 20,000 random sets', () => {
  const random = generator(7);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const keys: readonly PolicyKey[] = ['cors', 'authentication', 'ipAccess', 'authorization'];
  const anyLevel = (): RankedLevel =>
    level(
      pick(Object.values(Rank)),
      keys
        .filter(() => random() < 0.6)
        .map((name) =>
          random() < 0.1
            ? broken(name)
            : key(name, pick(['Enforce', 'Enforce', 'Shadow', 'Disabled']), Math.floor(random() * 16)),
        ),
      Math.floor(random() * 3),
    );
  for (let round = 0; round < 20_000; round++) {
    const before = Array.from({ length: 1 + Math.floor(random() * 5) }, anyLevel);
    const added = anyLevel();
    const after = effectivePolicies([...before, added]);
    for (const { level: of, key: one, state } of effectivePolicies(before).origins) {
      if (state !== 'Enforced' && state !== 'FailedClosed') continue;
      const rank = before.find((each) => each.level === of)?.rank ?? 0;
      const holds = placeOf(one.key).merge === 'Stack' || (of.overrides && added.rank < rank);
      if (!holds) continue;
      for (let request = 1; request <= 8; request *= 2) {
        if (state === 'Enforced' && (refuses(one.filter) & request) === 0) continue;
        expect(passes(after, request)).toBe(false);
      }
    }
  }
});

function refuses(filter: Filter | undefined): number {
  return (filter?.config as unknown as { readonly refuses: number } | undefined)?.refuses ?? 0;
}

function passes({ filters, faults }: ReturnType<typeof effectivePolicies>, request: number): boolean {
  return (
    faults.length === 0 && filters.every((filter) => filter.mode === 'Shadow' || (refuses(filter) & request) === 0)
  );
}

/** Mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
