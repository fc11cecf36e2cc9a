import { expect, test } from '@jest/globals';
import { createCompiler } from './compile.ts';
import { explain } from './explain.ts';
import { exact, irOf, listener, match, prefix, request, route, rule } from './fixture.ts';
import { Misdirected } from './table.ts';

const on = (hostname: string) => [{ listener: 'l', hostnames: [hostname] }];

const ir = irOf({
  listeners: { l: listener(''), other: listener('other.example') },
  routes: [
    route('winner', on('a.example'), [
      rule(0, [match(prefix('/a'), { method: 'GET' })]),
      rule(1, [match(exact('/b'))]),
    ]),
    route('beaten', on('a.example'), [rule(0, [match(prefix('/a'))]), rule(1, [match(prefix('/'))])]),
    route('picky', on('a.example'), [
      rule(0, [match(prefix('/a'), { headers: [{ name: 'x-tenant', kind: 'Exact', value: 'blue' }] })]),
      rule(1, [match(prefix('/a'), { method: 'POST' })]),
      rule(2, [match(prefix('/a'), { queryParams: [{ name: 'v', kind: 'RegularExpression', value: '[0-9]+' }] })]),
      rule(3, [match(prefix('/a'), { cookies: [{ name: 'c', kind: 'Exact', value: '1' }] })]),
    ]),
    route('wide', on('*.example'), [rule(0, [match(prefix('/'))])]),
    route('elsewhere', on('b.example'), [rule(0, [match(prefix('/'))])]),
  ],
});
const socket = createCompiler({ filter: () => ({}) })
  .compile(1, ir)
  .sockets.get('*|80')!;

test('names the winner first, then who was beaten, then who does not fit, each with its reason', () => {
  const input = request({ host: 'a.example', path: '/a/x', headers: { 'x-tenant': 'red' }, query: { v: 'one' } });
  const { listeners, candidates } = explain(socket, input, null);
  expect(listeners.map(({ name }) => name)).toEqual(['any']);
  expect(
    candidates.map(({ rule, outcome, reason }) => `${rule.route.name} ${rule.index} ${outcome}: ${reason}`),
  ).toEqual([
    'winner 0 won: Fits, and nothing that fits comes before it.',
    'beaten 0 beaten: Fits, but HTTPRoute/default/winner rule 0 wins: it names the method.',
    'beaten 1 beaten: Fits, but HTTPRoute/default/winner rule 0 wins: path /a is longer than /.',
    'wide 0 beaten: Fits, but hostname a.example is more specific than *.example.',
    'winner 1 path: Path /a/x does not fit Exact /b.',
    'picky 1 method: Method GET is not POST.',
    'picky 0 header: Header does not fit: x-tenant must be "blue" and is "red".',
    'picky 2 query: Query parameter does not fit: v must be a text that fits [0-9]+ and is "one".',
    'picky 3 cookie: Cookie does not fit: c must be "1" and is absent.',
    'elsewhere 0 hostname: Hostname b.example does not cover a.example.',
  ]);
});

test('says when nothing fits, and when the listener has no route at all', () => {
  const unfit = explain(socket, request({ host: 'nowhere', path: '/' }), null);
  expect(unfit.result).toBeUndefined();
  expect(new Set(unfit.candidates.map(({ outcome }) => outcome))).toEqual(new Set(['hostname']));
  const isolated = explain(socket, request({ host: 'other.example' }), null);
  expect([isolated.listeners.map(({ name }) => name), isolated.candidates]).toEqual([['other.example'], []]);
});

test('a misdirected request names the listener that would take it', () => {
  const { result, listeners, candidates } = explain(socket, request({ host: 'other.example' }), 'a.example');
  expect([result, listeners.map(({ name }) => name), candidates]).toEqual([Misdirected, ['other.example'], []]);
});
