import { expect, test } from '@jest/globals';
import type { KubeObject } from '../api/object.ts';
import type { Origin } from './effective.ts';
import type { AttachedPolicy, Level } from './policy-level.ts';
import { tallyUses } from './policy-tally.ts';
import type { PolicyUse } from './policy-use.ts';

/** Deterministic: a failure comes again. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >> 8) % below;
  };
}

const levels: readonly Level[] = ['a', 'b'].map((name) => ({
  from: `GatewayPolicy shop/${name}`,
  created: 0,
  name: `shop/${name}`,
  overrides: false,
  unread: [],
  keys: [{ key: 'cors', mode: 'Enforce', path: 'spec.policies.cors', problems: [] }],
}));
const listeners = ['shop/one/http', 'shop/one/https', 'shop/two/http'];

/** One route: some rules, at one or two places, and what reaches them there. */
function usesOf(name: string, at: Attached, random: (below: number) => number): readonly PolicyUse[] {
  const object = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { namespace: 'shop', name },
  } as KubeObject;
  const first = random(3);
  const places =
    random(3) === 0 ? [[listeners[first]!], [listeners[(first + 1) % 3]!]] : [listeners.slice(0, 1 + first)];
  const own = at.own.slice(0, random(3));
  return places.flatMap((place) =>
    Array.from({ length: 1 + random(2) }, (_, index): PolicyUse => {
      const reached = [...new Set([...place.flatMap((listener) => at.listeners.get(listener) ?? []), ...own])];
      const origins = originsOf([...new Set(reached.map(({ level }) => level))], own);
      return {
        object,
        index,
        rule: String(index),
        listeners: place,
        own,
        partial: places.length > 1,
        origins,
        faults: [],
      };
    }).filter(({ origins }) => origins.length > 0),
  );
}

interface Attached {
  readonly listeners: ReadonlyMap<string, readonly AttachedPolicy[]>;
  /** Of every route. */
  readonly own: readonly AttachedPolicy[];
}

const known = new Map<string, readonly Origin[]>();
/** The same instance for the same levels that are attached alike, as the cache of effective policies gives it. */
function originsOf(of: readonly Level[], own: readonly AttachedPolicy[]): readonly Origin[] {
  const id = JSON.stringify([of.map(({ name }) => name), own.map(({ level, target }) => [level.name, target])]);
  const origins = known.get(id) ?? of.map((level): Origin => ({ level, key: level.keys[0]!, state: 'Enforced' }));
  known.set(id, origins);
  return origins;
}

test('routes and rules of policies and of their targets are counted as one by one', () => {
  const random = randomOf(1);
  for (let round = 0; round < 200; round++) {
    const attach = (target: number): AttachedPolicy => ({
      level: levels[random(2)]!,
      sectionName: undefined,
      rank: 1,
      target,
    });
    const at: Attached = {
      listeners: new Map(listeners.map((id) => [id, Array.from({ length: random(3) }, (_, i) => attach(i))])),
      own: [attach(3), attach(4)],
    };
    const uses = Array.from({ length: 12 }, (_, i) => usesOf(`r${i}`, at, random)).flat();
    const tallies = tallyUses(uses, new Set(levels), (listener) => at.listeners.get(listener) ?? []);
    for (const level of levels) {
      const mine = uses.filter(({ origins }) => origins.some((origin) => origin.level === level));
      const tally = tallies.get(level);
      expect(tally?.routes ?? 0).toBe(new Set(mine.map(({ object }) => object)).size);
      expect(tally?.keys.get('cors')?.rules.get('Enforced') ?? 0).toBe(rulesOf(mine));
      for (let target = 0; target < 5; target++) {
        const by = mine.filter(({ listeners: of, own }) =>
          [...of.flatMap((listener) => at.listeners.get(listener) ?? []), ...own].some(
            (attached) => attached.level === level && attached.target === target,
          ),
        );
        const counted = tally?.targets.get(target) ?? { routes: 0, rules: 0 };
        expect(counted).toEqual({ routes: new Set(by.map(({ object }) => object)).size, rules: rulesOf(by) });
      }
    }
  }
});

function rulesOf(uses: readonly PolicyUse[]): number {
  return new Set(uses.map(({ object, index }) => `${object.metadata.name} ${index}`)).size;
}
