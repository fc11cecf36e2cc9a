import { describe, expect, test } from '@jest/globals';
import type { Filter } from '../ir/filter.ts';
import type { Ir } from '../ir/ir.ts';
import type { Route, Rule } from '../ir/route.ts';
import type { RuntimeFilter } from '../policy/runtime.ts';
import { type CompiledTable, createCompiler } from './compile.ts';
import { irOf, listener, match, prefix, request, route, rule } from './fixture.ts';
import type { RuntimeRule } from './table.ts';

const backend = { weight: 1, priority: 0, cluster: 'c', filters: [] };
const respond = (body: string): Filter => ({
  kind: 'directResponse',
  config: { status: 200, contentType: 'text/plain', body },
});

function found(table: CompiledTable, host: string, path = '/'): RuntimeRule | undefined {
  return table.sockets.get('*|80')!.find(request({ host, path }), null) as RuntimeRule | undefined;
}

const site = (name: string, more: Partial<Rule> = {}, host = `${name}.example`): Route =>
  route(name, [{ listener: 'l', hostnames: [host] }], [rule(0, [match(prefix('/'))], more)]);

const listeners = { l: listener('') };
const id = (name: string): string => `HTTPRoute/default/${name}`;
/** `ir` with other routes; every other entry stays the same object, as a delta leaves it. */
const withRoutes = (ir: Ir, change: Record<string, Route | undefined>): Ir => {
  const routes = Object.entries({ ...ir.routes, ...change }).filter(
    (entry): entry is [string, Route] => entry[1] !== undefined,
  );
  return { ...ir, routes: Object.fromEntries(routes) };
};

describe('a second compile', () => {
  const first = irOf({ listeners, routes: ['a', 'b', 'c'].map((name) => site(name)) });

  test('keeps the rules of routes that did not change, and shares their tables', () => {
    const compiler = createCompiler({ filter: () => ({}) });
    const before = compiler.compile(1, first);
    const rules = ['a', 'b', 'c'].map((name) => found(before, `${name}.example`));
    const after = compiler.compile(2, withRoutes(first, { [id('b')]: site('b', { timeouts: { request: 5 } }) }));
    expect(['a', 'c'].map((name) => found(after, `${name}.example`))).toEqual([rules[0], rules[2]]);
    expect(found(after, 'a.example')).toBe(rules[0]);
    expect(found(after, 'b.example')).not.toBe(rules[1]);
    expect(found(after, 'b.example')!.timeouts).toEqual({ request: 5 });
    // The table before still answers as it did.
    expect(found(before, 'b.example')).toBe(rules[1]);
    expect([before.version, after.version]).toEqual([1, 2]);
  });

  test('shares everything when nothing changed', () => {
    const compiler = createCompiler({ filter: () => ({}) });
    const before = compiler.compile(1, first);
    expect(compiler.compile(2, { ...first }).sockets.get('*|80')).toBe(before.sockets.get('*|80'));
  });

  test('keeps a neighbour under the same hostname when a route comes, moves and goes', () => {
    const compiler = createCompiler({ filter: () => ({}) });
    const rule = found(compiler.compile(1, first), 'a.example');
    const added = route(
      'n',
      [{ listener: 'l', hostnames: ['a.example'] }],
      [{ ...site('n').rules[0]!, matches: [match(prefix('/new'))] }],
    );
    const came = withRoutes(first, { [id('n')]: added });
    const table = compiler.compile(2, came);
    expect([found(table, 'a.example'), found(table, 'a.example', '/new')!.route]).toEqual([rule, added]);
    const moved = withRoutes(came, {
      [id('n')]: { ...added, attachments: [{ listener: 'l', hostnames: ['b.example'] }] },
    });
    const other = compiler.compile(3, moved);
    expect(found(other, 'a.example', '/new')).toBe(rule);
    expect(found(other, 'b.example', '/new')!.route.name).toBe('n');
    const gone = compiler.compile(4, withRoutes(moved, { [id('n')]: undefined, [id('b')]: undefined }));
    expect([found(gone, 'a.example'), found(gone, 'b.example')]).toEqual([rule, undefined]);
  });

  test('attaches routes that were there before their listener, and drops those of one that went', () => {
    const compiler = createCompiler({ filter: () => ({}) });
    const without = { ...first, listeners: {} };
    expect(found(compiler.compile(1, without), 'a.example')).toBeUndefined();
    expect(found(compiler.compile(2, first), 'a.example')!.route.name).toBe('a');
    expect(found(compiler.compile(3, without), 'a.example')).toBeUndefined();
  });

  test('takes a changed listener, tier list and settings', () => {
    const compiler = createCompiler({ filter: () => ({}) });
    compiler.compile(1, first);
    const renamed = { ...first, listeners: { l: { ...listeners.l, port: 8080 } } };
    expect(found(compiler.compile(2, renamed), 'a.example')!.listener.port).toBe(8080);
    const socket = { ...first.sockets['*|80']!, tiers: [] };
    expect(found(compiler.compile(3, { ...renamed, sockets: { '*|80': socket } }), 'a.example')).toBeUndefined();
    const { default: settings } = first.settings;
    const table = compiler.compile(4, {
      ...first,
      settings: { default: { ...settings, limits: { ...settings.limits, headerBytes: 1 } } },
    });
    expect(table.settings.limits.headerBytes).toBe(1);
    expect(compiler.compile(5, { ...first, sockets: {} }).sockets.size).toBe(0);
  });

  test('keeps every rule when a listener gets another certificate', () => {
    const compiler = createCompiler({ filter: () => ({}) });
    const tls = (name: string): Ir => {
      const secure = listener('', { protocol: 'HTTPS', tls: { certificates: [name], minVersion: 'TLSv1.2' } });
      return { ...first, listeners: { l: secure } };
    };
    const before = compiler.compile(1, tls('Secret/default/a'));
    const after = compiler.compile(2, tls('Secret/default/b'));
    expect(found(after, 'a.example')).toBe(found(before, 'a.example'));
    expect(after.sockets.get('*|80')!.listenerForName('a.example')!.tls!.certificates).toEqual(['Secret/default/b']);
  });

  test.each([
    ['copies', false],
    ['changes of its own routes, whose ids it is told', true],
  ])('any series of edits ends in the table that a fresh compile gives: by %s', (_, inPlace) => {
    const names = Array.from({ length: 12 }, (_, i) => `r${i}`);
    const compiler = createCompiler({ filter: () => ({}) });
    let state = 3;
    const below = (limit: number): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) % limit;
    const routes: Record<string, Route> = { ...first.routes };
    let ir: Ir = { ...first, routes };
    compiler.compile(0, ir);
    for (let version = 1; version < 600; version++) {
      const name = names[below(97) % names.length]!;
      const host = `h${below(89) % 4}.example`;
      const kind = (['Exact', 'PathPrefix', 'RegularExpression'] as const)[below(79) % 3]!;
      const rules = [rule(0, [match({ kind, value: ['/', '/a', '/a/b'][below(73) % 3]! })])];
      const next = below(83) % 3 === 0 ? undefined : { ...site(name, {}, host), rules, created: below(7) };
      if (!inPlace) ir = withRoutes(ir, { [id(name)]: next });
      else if (next === undefined) delete routes[id(name)];
      else routes[id(name)] = next;
      const table = compiler.compile(version, ir, inPlace ? [id(name)] : undefined);
      // Sometimes changes pile up before anybody asks.
      if (below(71) % 3 === 0) continue;
      const fresh = createCompiler({ filter: () => ({}) }).compile(version, ir);
      for (let h = 0; h < 4; h++) {
        expect([version, found(table, `h${h}.example`)?.routeId]).toEqual([
          version,
          found(fresh, `h${h}.example`)?.routeId,
        ]);
      }
    }
  });
});

describe('filters', () => {
  test('are built once per id, in order, and responses pass them backwards', () => {
    const built: string[] = [];
    const filters = new Map<string, RuntimeFilter>();
    const compiler = createCompiler({
      filter(filter) {
        const { body } = filter.config as { body: string };
        built.push(body);
        const runtime: RuntimeFilter = body === 'c' ? { onResponse() {} } : { onRequest() {}, onResponse() {} };
        filters.set(body, runtime);
        return runtime;
      },
    });
    const ir = irOf({
      listeners,
      filters: { 1: respond('a'), 2: respond('b'), 3: respond('c') },
      routes: [
        site('a', { filters: ['1', '2', '3'] }),
        site('b', { filters: ['2'], action: { kind: 'forward', backends: [backend, { ...backend, filters: ['3'] }] } }),
        site('plain', { action: { kind: 'forward', backends: [backend] } }),
      ],
    });
    const table = compiler.compile(1, ir);
    expect(built).toEqual([]);
    const rule = found(table, 'a.example')!;
    const phase = (name: string, which: 'onRequest' | 'onResponse') => filters.get(name)![which];
    expect(rule.onRequest).toEqual([phase('a', 'onRequest'), phase('b', 'onRequest')]);
    expect(rule.onResponse).toEqual([phase('c', 'onResponse'), phase('b', 'onResponse'), phase('a', 'onResponse')]);
    expect(rule.backends).toBeNull();
    expect(found(table, 'b.example')!.backends).toEqual([
      { onRequest: null, onResponse: null, requestPolicies: [], responsePolicies: [] },
      { onRequest: null, onResponse: [phase('c', 'onResponse')], requestPolicies: [], responsePolicies: [''] },
    ]);
    expect(found(table, 'plain.example')).toMatchObject({ onRequest: null, onResponse: null, backends: null });
    expect(built).toEqual(['a', 'b', 'c']);
  });

  test('are closed one table after the last that refers to them, and all at the end', () => {
    const closed: string[] = [];
    const compiler = createCompiler({
      filter: (filter) => ({ close: () => void closed.push((filter.config as { body: string }).body) }),
    });
    const two = irOf({
      listeners,
      filters: { 1: respond('a'), 2: respond('b') },
      routes: [site('a', { filters: ['1'] }), site('b', { filters: ['2'] })],
    });
    const one = { ...withRoutes(two, { [id('a')]: undefined }), filters: { 2: two.filters['2']! } };
    const table = compiler.compile(1, two);
    found(table, 'a.example');
    found(table, 'b.example');
    compiler.compile(2, one);
    expect(closed).toEqual([]);
    compiler.compile(3, { ...one, filters: { ...one.filters } });
    expect(closed).toEqual(['a']);
    compiler.close();
    expect(closed).toEqual(['a', 'b']);
  });

  test.each<[string, Partial<Rule>]>([
    ['throws', { filters: ['bad'], action: { kind: 'forward', backends: [backend] } }],
    ['is not in the IR', { filters: ['absent'] }],
    ['throws for a backend', { action: { kind: 'forward', backends: [backend, { ...backend, filters: ['bad'] }] } }],
  ])('a rule refuses when one of its filters %s; its sibling goes on', (_, broken) => {
    const reports: string[] = [];
    const compiler = createCompiler({
      filter: (filter) => {
        if ((filter.config as { body: string }).body === 'bad') throw new Error('cannot be built');
        return { onRequest() {} };
      },
      report: (what) => reports.push(what),
    });
    const sibling = rule(1, [match(prefix('/ok'))], { filters: ['good'] });
    const broke = rule(0, [match(prefix('/'))], broken);
    const ir = irOf({
      listeners,
      filters: { bad: respond('bad'), good: respond('good') },
      routes: [route('a', [{ listener: 'l', hostnames: ['a.example'] }], [broke, sibling])],
    });
    const table = compiler.compile(1, ir);
    expect(found(table, 'a.example')).toMatchObject({
      action: { kind: 'refuse', status: 500, code: 'policy-invalid' },
      onRequest: null,
      backends: null,
    });
    expect(found(table, 'a.example', '/ok')).toMatchObject({
      action: { kind: 'local' },
      onRequest: [expect.any(Function)],
    });
    expect(reports).toHaveLength(1);
  });

  test('but in Shadow it is left out, and reported', () => {
    const reports: string[] = [];
    const compiler = createCompiler({
      filter: () => {
        throw new Error('cannot be built');
      },
      report: (what) => reports.push(what),
    });
    const ir = irOf({
      listeners,
      filters: { tried: { ...respond('a'), mode: 'Shadow' } },
      routes: [
        route(
          'a',
          [{ listener: 'l', hostnames: ['a.example'] }],
          [rule(0, [match(prefix('/'))], { filters: ['tried'] })],
        ),
      ],
    });
    expect(found(compiler.compile(1, ir), 'a.example')).toMatchObject({ action: { kind: 'local' }, onRequest: null });
    expect(reports).toEqual(['filter tried']);
  });
});
