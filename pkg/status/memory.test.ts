/** Statuses in memory: times that move only with the status, one line for each problem that comes or goes. */
import { describe, expect, test } from '@jest/globals';
import { StatusMemory } from './memory.ts';
import type { PlacedProblem } from './problem.ts';
import type { Condition, ObjectStatus } from './status.ts';

const ref = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop', name: 'orders' };

function condition(type: string, status: Condition['status'], message = ''): Condition {
  return { type, status, reason: type, message, observedGeneration: 1 };
}

function parent(name: string, ...conditions: Condition[]) {
  return { parentRef: { name }, controllerName: 'gateway.suuupra.io/controller', conditions };
}

function route(parents: readonly object[], problems: ObjectStatus['problems'] = []): ObjectStatus {
  return { ref, generation: 1, status: { parents }, problems };
}

function setUp() {
  const lines: string[] = [];
  let seconds = 0;
  const memory = new StatusMemory({
    print: (line) => lines.push(line),
    now: () => new Date(Date.UTC(2026, 10, 25, 10, 0, seconds++)),
    placeOf: () => ({ file: 'shop.yaml', line: 12 }),
  });
  return { memory, lines };
}

/** Of every condition in the order of the status: `type@second`. */
function times(memory: StatusMemory): string {
  const parents = memory.find(ref)?.status['parents'] as {
    conditions: { type: string; lastTransitionTime: string }[];
  }[];
  return parents
    .flatMap(({ conditions }) => conditions)
    .map((c) => `${c.type}@${c.lastTransitionTime.slice(-3, -1)}`)
    .join(' ');
}

describe('lastTransitionTime', () => {
  test('moves when the status flips, and not when only the message changes', () => {
    const { memory } = setUp();
    memory.publish([route([parent('a', condition('Accepted', 'True'), condition('ResolvedRefs', 'True'))])]);
    memory.publish([route([parent('a', condition('Accepted', 'False'), condition('ResolvedRefs', 'True', 'other'))])]);
    expect(times(memory)).toBe('Accepted@01 ResolvedRefs@00');
    expect(memory.find(ref)?.status).toMatchObject({ parents: [{ conditions: [{}, { message: 'other' }] }] });
  });

  test('belongs to its parent, wherever that stands in the list', () => {
    const { memory } = setUp();
    memory.publish([route([parent('a', condition('Accepted', 'True'))])]);
    memory.publish([route([parent('b', condition('Accepted', 'True')), parent('a', condition('Accepted', 'True'))])]);
    expect(times(memory)).toBe('Accepted@01 Accepted@00');
  });

  test('is RFC 3339 in whole seconds, and an unchanged status stays the same instance', () => {
    const { memory } = setUp();
    const status = route([parent('a', condition('Accepted', 'True'))]);
    memory.publish([status]);
    const before = memory.find(ref);
    memory.publish([status]);
    expect(memory.find(ref)).toBe(before);
    expect(JSON.stringify(before)).toContain('"lastTransitionTime":"2026-11-25T10:00:00Z"');
  });
});

describe('problems', () => {
  const problem = { path: 'spec.rules[0].backendRefs[0]', reason: 'BackendNotFound', message: 'Service "x" not found' };
  const line =
    'shop.yaml:12 HTTPRoute/shop/orders spec.rules[0].backendRefs[0]: Service "x" not found (BackendNotFound)';

  test('of an object are printed once, with their place, and once more when they are gone', () => {
    const { memory, lines } = setUp();
    memory.publish([route([], [problem])]);
    memory.publish([route([], [problem])]);
    memory.publish([route([])]);
    expect(lines).toEqual([line, `resolved: ${line}`]);
    expect(memory.standing).toEqual([]);
  });

  test('of a document are the same ones when their line moves', () => {
    const { memory, lines } = setUp();
    const placed: PlacedProblem = {
      file: 'a.yaml',
      line: 3,
      object: '',
      path: '',
      message: 'not valid YAML',
      hint: '',
    };
    memory.problems([placed]);
    memory.problems([{ ...placed, line: 9 }]);
    expect(lines).toEqual(['a.yaml:3: not valid YAML']);
    expect(memory.standing).toMatchObject([{ line: 9 }]);
  });

  test('cannot break out of their line', () => {
    const { memory, lines } = setUp();
    memory.problems([{ file: 'a\n.yaml', line: 0, object: '\u001b[2J', path: '', message: 'x\u2028y', hint: 'z' }]);
    expect(lines).toHaveLength(1);
    // oxlint-disable-next-line no-control-regex -- control characters are what this is about
    expect(lines[0]).not.toMatch(/[\u0000-\u001f\u2028]/);
  });
});
