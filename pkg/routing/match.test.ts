import { describe, expect, test } from '@jest/globals';
import type { Match, NamedMatch, PathMatch, Route } from '../ir/route.ts';
import { createCompiler } from './compile.ts';
import { exact, irOf, listener, match, prefix, type RequestParts, regex, request, route, rule } from './fixture.ts';
import type { MatchInput, Misdirected, RuntimeRule } from './table.ts';

const everywhere = [{ listener: 'l', hostnames: [''] }];
const named = (name: string, value: string, kind: NamedMatch['kind'] = 'Exact'): NamedMatch => ({ name, kind, value });

function lookUp(routes: readonly Route[]): (input: MatchInput) => RuntimeRule | Misdirected | undefined {
  const compiler = createCompiler({ filter: () => ({}) });
  const socket = compiler.compile(1, irOf({ listeners: { l: listener('') }, routes })).sockets.get('*|80')!;
  return (input) => socket.find(input, null);
}

/** The name of the route that serves the request. */
function find(routes: readonly Route[], parts: RequestParts): string | undefined {
  const found = lookUp(routes)(request(parts));
  return typeof found === 'object' ? found.route.name : found;
}

/** One route for each match, named by its key. */
const routesOf = (matches: Record<string, Match>, more: Partial<Route> = {}): Route[] =>
  Object.entries(matches).map(([name, one]) => route(name, everywhere, [rule(0, [one])], more));

describe('paths', () => {
  const routes = routesOf({
    exact: match(exact('/one')),
    two: match(prefix('/two')),
    deep: match(prefix('/two/a/b')),
    slash: match(prefix('/slash/')),
    pattern: match(regex('/p/[0-9]+')),
  });
  test.each([
    ['/one', 'exact'],
    ['/one/', undefined],
    ['/one/example', undefined],
    ['/One', undefined],
    ['/two', 'two'],
    ['/two/', 'two'],
    ['/twoexample', undefined],
    ['/two/a', 'two'],
    ['/two/a/b', 'deep'],
    ['/two/a/b/c/d', 'deep'],
    ['/two/a/bc', 'two'],
    ['/slash', 'slash'],
    ['/slash/x', 'slash'],
    ['/p/12', 'pattern'],
    ['/p/12a', undefined],
    ['/x/p/12', undefined],
    ['/', undefined],
  ])('%s: %s', (path, expected) => {
    expect(find(routes, { path })).toBe(expected);
  });

  // gateway-api.md 3.11: HTTPRoutePathMatchOrder.
  test.each([
    ['/match/exact/one', 3],
    ['/match/exact', 2],
    ['/match', 1],
    ['/match/prefix/one/any', 2],
    ['/match/prefix/any', 1],
    ['/match/any', 3],
  ])('HTTPRoutePathMatchOrder: %s is served by v%d', (path, version) => {
    const paths: [PathMatch, number][] = [
      [prefix('/match'), 3],
      [exact('/match'), 1],
      [prefix('/match/prefix'), 1],
      [prefix('/match/prefix/one'), 2],
      [exact('/match/exact'), 2],
      [exact('/match/exact/one'), 3],
    ];
    const found = lookUp([
      route(
        'r',
        everywhere,
        paths.map(([one], i) => rule(i, [match(one)])),
      ),
    ])(request({ path }));
    expect(paths[(found as RuntimeRule).index]![1]).toBe(version);
  });
});

describe('conditions', () => {
  test.each<[string, Partial<Match>, RequestParts, boolean]>([
    ['method', { method: 'GET' }, {}, true],
    ['another method', { method: 'POST' }, {}, false],
    ['methods have a case', { method: 'GET' }, { method: 'get' }, false],
    ['header', { headers: [named('x', '1')] }, { headers: { x: '1' } }, true],
    ['joined header values', { headers: [named('x', '1')] }, { headers: { x: '1, 2' } }, false],
    ['absent header', { headers: [named('x', '1')] }, {}, false],
    ['every header must fit', { headers: [named('x', '1'), named('y', '2')] }, { headers: { x: '1' } }, false],
    [
      'header pattern fits as a whole',
      { headers: [named('x', 'a+', 'RegularExpression')] },
      { headers: { x: 'aaa' } },
      true,
    ],
    [
      'header pattern fits in part',
      { headers: [named('x', 'a+', 'RegularExpression')] },
      { headers: { x: 'aab' } },
      false,
    ],
    ['query', { queryParams: [named('q', 'v')] }, { query: { q: 'v' } }, true],
    ['query names have a case', { queryParams: [named('q', 'v')] }, { query: { Q: 'v' } }, false],
    ['cookie', { cookies: [named('c', 'v')] }, { cookies: { c: 'v' } }, true],
    ['cookie of another value', { cookies: [named('c', 'v')] }, { cookies: { c: 'w' } }, false],
  ])('%s', (_, conditions, parts, fits) => {
    expect(find(routesOf({ r: match(prefix('/'), conditions) }), parts)).toBe(fits ? 'r' : undefined);
  });
});

describe('precedence', () => {
  const headers = (count: number): NamedMatch[] => Array.from({ length: count }, (_, i) => named(`h${i}`, '1'));
  const all: RequestParts = {
    path: '/a/b',
    headers: { h0: '1', h1: '1' },
    query: { h0: '1', h1: '1' },
    cookies: { h0: '1', h1: '1' },
  };
  test.each<[string, Match, Match]>([
    ['an exact path before a pattern', match(exact('/a/b')), match(regex('/a/b|/longer/source'), { method: 'GET' })],
    ['a pattern before a prefix', match(regex('/a.*')), match(prefix('/a/b'), { method: 'GET' })],
    ['the longer pattern', match(regex('/a/b.*')), match(regex('/a.*'), { method: 'GET' })],
    ['the longer prefix', match(prefix('/a/b')), match(prefix('/a'), { method: 'GET', headers: headers(2) })],
    ['a method before headers', match(prefix('/a'), { method: 'GET' }), match(prefix('/a'), { headers: headers(2) })],
    [
      'more headers',
      match(prefix('/a'), { headers: headers(2) }),
      match(prefix('/a'), { headers: headers(1), queryParams: headers(2) }),
    ],
    [
      'headers before query',
      match(prefix('/a'), { headers: headers(1) }),
      match(prefix('/a'), { queryParams: headers(2) }),
    ],
    [
      'query before cookies',
      match(prefix('/a'), { queryParams: headers(1) }),
      match(prefix('/a'), { cookies: headers(2) }),
    ],
    ['cookies before nothing', match(prefix('/a'), { cookies: headers(1) }), match(prefix('/a'))],
  ])('%s', (_, winner, loser) => {
    // Named so that the alphabet would choose the other one.
    expect(find(routesOf({ z: winner, a: loser }), all)).toBe('z');
  });

  test.each<[string, Partial<Route>, Partial<Route>]>([
    ['the older route', { created: 5, name: 'z', kind: 'Ingress' }, { created: 6, name: 'a' }],
    ['HTTPRoute before GatewayRoute', { name: 'z' }, { name: 'a', kind: 'GatewayRoute' }],
    ['GatewayRoute before Ingress', { name: 'z', kind: 'GatewayRoute' }, { name: 'a', kind: 'Ingress' }],
    ['the namespace', { namespace: 'a', name: 'z' }, { namespace: 'b', name: 'a' }],
    ['the name', { name: 'a' }, { name: 'b' }],
  ])('between equal matches: %s', (_, winner, loser) => {
    const routes = [loser, winner].map((more) => route('', everywhere, [rule(0, [match(prefix('/'))])], more));
    expect(find(routes, {})).toBe(winner.name);
  });

  test('within a route the first rule', () => {
    const found = lookUp([
      route(
        'r',
        everywhere,
        [0, 1].map((i) => rule(i, [match(prefix('/'))])),
      ),
    ])(request({}));
    expect((found as RuntimeRule).index).toBe(0);
  });
});

test('matchedPrefix is that of the match that was taken', () => {
  const find = lookUp([
    route('r', everywhere, [rule(0, [match(prefix('/a')), match(prefix('/b/c')), match(exact('/d'))])]),
  ]);
  const prefixes = ['/a/x', '/b/c', '/d'].map((path) => (find(request({ path })) as RuntimeRule).matchedPrefix);
  expect(prefixes).toEqual(['/a', '/b/c', '']);
});

test('a pattern that RE2 refuses matches nothing and is reported', () => {
  const reports: string[] = [];
  const compiler = createCompiler({ filter: () => ({}), report: (what) => reports.push(what) });
  const ir = irOf({
    listeners: { l: listener('') },
    routes: routesOf({ bad: match(regex('/(a')), good: match(prefix('/')) }),
  });
  const found = compiler
    .compile(1, ir)
    .sockets.get('*|80')!
    .find(request({ path: '/(a' }), null);
  expect((found as RuntimeRule).route.name).toBe('good');
  expect(reports).toEqual(['pattern /(a']);
});
