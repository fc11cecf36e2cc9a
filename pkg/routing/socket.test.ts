import { describe, expect, test } from '@jest/globals';
import type { Ir } from '../ir/ir.ts';
import { createCompiler } from './compile.ts';
import { irOf, listener, match, prefix, type RequestParts, request, route, rule } from './fixture.ts';
import { HostMap } from './hosts.ts';
import { Misdirected } from './table.ts';

function find(ir: Ir, parts: RequestParts, servername: string | null = null): string | undefined {
  const compiler = createCompiler({ filter: () => ({}) });
  const found = compiler.compile(1, ir).sockets.get('*|80')!.find(request(parts), servername);
  return found === undefined || found === Misdirected ? found : found.route.name;
}

const any = rule(0, [match(prefix('/'))]);
const on = (id: string, ...hostnames: string[]) => [{ listener: id, hostnames }];

// gateway-api.md 3.11: GatewayHTTPListenerIsolation.
describe('listener isolation: a path is served only through the most specific listener of the host', () => {
  const hostnames = { empty: '', wildcard: '*.example.com', foo: '*.foo.example.com', exact: 'abc.foo.example.com' };
  const ir = irOf({
    listeners: Object.fromEntries(Object.entries(hostnames).map(([id, hostname]) => [id, listener(hostname)])),
    routes: Object.entries(hostnames).map(([id, hostname]) =>
      route(id, on(id, hostname), [rule(0, [match(prefix(`/${id}`))])]),
    ),
  });
  const takes = {
    'bar.com': 'empty',
    'bar.example.com': 'wildcard',
    'bar.foo.example.com': 'foo',
    'abc.foo.example.com': 'exact',
  };
  test.each(
    Object.entries(takes).flatMap(([host, owner]) =>
      Object.keys(hostnames).map((path) => [host, path, path === owner ? path : undefined]),
    ),
  )('%s/%s is %s', (host, path, expected) => {
    expect(find(ir, { host: host!, path: `/${path!}` })).toBe(expected);
  });
});

// gateway-api.md 3.11: HTTPRouteHTTPSListenerDetectMisdirectedRequests.
describe('misdirected requests', () => {
  const ir = irOf({
    listeners: {
      none: listener(''),
      second: listener('second-example.org'),
      wildcard: listener('*.wildcard.org'),
      fourth: listener('fourth-example.wildcard.org'),
    },
    routes: [
      route('v1', on('none', 'example.org'), [any]),
      route('v2', on('second', 'second-example.org'), [any]),
      route('v3', on('wildcard', '*.wildcard.org'), [any]),
      route('v4', on('fourth', 'fourth-example.wildcard.org'), [any]),
    ],
  });
  const w = (name: string): string => `${name}-example.wildcard.org`;
  test.each([
    ['example.org', 'example.org', 'v1'],
    ['example.org', 'second-example.org', Misdirected],
    ['example.org', 'unknown-example.org', undefined],
    ['second-example.org', 'second-example.org', 'v2'],
    ['second-example.org', 'example.org', Misdirected],
    ['second-example.org', 'unknown-example.org', Misdirected],
    [w('third'), w('third'), 'v3'],
    [w('third'), w('fith'), 'v3'],
    [w('third'), w('fourth'), Misdirected],
    [w('third'), 'second-example.org', Misdirected],
    [w('third'), 'unknown-example.org', Misdirected],
    [w('fourth'), w('fourth'), 'v4'],
    [w('fourth'), w('fith'), Misdirected],
    ['unknown-example.org', 'example.org', 'v1'],
    ['unknown-example.org', 'unknown-example.org', undefined],
    ['', 'example.org', 'v1'],
  ])('SNI %s, Host %s: %s', (servername, host, expected) => {
    expect(find(ir, { host }, servername)).toBe(expected);
  });
});

describe('tiers', () => {
  const ir = irOf({
    listeners: { real: listener(''), ingress: listener(''), secure: listener('a.example') },
    tiers: [['real'], ['ingress', 'secure']],
    routes: [
      route('gateway', on('real', ''), [rule(0, [match(prefix('/api'))])]),
      route('site', on('ingress', ''), [any]),
      route('shop', on('secure', 'a.example'), [any]),
    ],
  });
  test.each([
    ['b.example', '/api', null, 'gateway'],
    ['b.example', '/', null, 'site'],
    ['a.example', '/api/x', null, 'gateway'],
    ['a.example', '/', null, 'shop'],
    ['a.example', '/', 'a.example', 'shop'],
    // The first tier takes both names, the second does not.
    ['a.example', '/api', 'b.example', 'gateway'],
    ['a.example', '/', 'b.example', Misdirected],
  ])('%s%s with SNI %s: %s', (host, path, servername, expected) => {
    expect(find(ir, { host, path }, servername)).toBe(expected);
  });

  test("a handshake gets the listener of its very name, whatever a former tier's catch-all covers", () => {
    const compiler = createCompiler({ filter: () => ({}) });
    const only = irOf({ ...ir, routes: [], tiers: [['ingress'], ['secure']] });
    const socket = compiler.compile(1, only).sockets.get('*|80')!;
    expect(socket.listenerForName('a.example')).toBe(ir.listeners['secure']);
    expect(socket.listenerForName('b.example')).toBe(ir.listeners['ingress']);
  });

  test('a handshake gets the listener of the first tier that has one', () => {
    const compiler = createCompiler({ filter: () => ({}) });
    const only = irOf({ ...ir, routes: [], tiers: [['secure'], ['ingress']] });
    const socket = compiler.compile(1, only).sockets.get('*|80')!;
    expect(socket.listenerForName('a.example')).toBe(ir.listeners['secure']);
    expect(socket.listenerForName('b.example')).toBe(ir.listeners['ingress']);
    expect(socket.listenerForName('')).toBe(ir.listeners['ingress']);
  });
});

describe('hostnames of routes on one listener', () => {
  const ir = irOf({
    listeners: { l: listener('') },
    routes: [
      route('exact', on('l', 'a.b.example'), [rule(0, [match(prefix('/exact'))])]),
      route('long', on('l', '*.b.example'), [rule(0, [match(prefix('/long'))])]),
      route('short', on('l', '*.example'), [rule(0, [match(prefix('/'))])]),
      route('any', on('l', ''), [rule(0, [match(prefix('/'))])]),
    ],
  });
  test.each([
    ['a.b.example', '/exact', 'exact'],
    ['a.b.example', '/long', 'long'],
    ['a.b.example', '/other', 'short'],
    ['x.a.b.example', '/long', 'long'],
    ['b.example', '/long', 'short'],
    ['example', '/', 'any'],
    ['xexample', '/', 'any'],
    ['', '/', 'any'],
  ])('%s%s: %s; a wider hostname serves what the narrower has no rule for', (host, path, expected) => {
    expect(find(ir, { host, path })).toBe(expected);
  });
});

test('a wildcard of an Ingress stands for one label, and competes with those that stand for more', () => {
  const ir = irOf({
    listeners: { l: listener('') },
    routes: [
      route(
        'ingress',
        [{ listener: 'l', hostnames: ['*.example'], oneLabel: true }],
        [rule(0, [match(prefix('/deep'))])],
        { kind: 'Ingress' },
      ),
      route('http', on('l', '*.example'), [any]),
      route('any', on('l', ''), [rule(0, [match(prefix('/deep/er'))])]),
    ],
  });
  const served = [
    ['a.example', '/deep'],
    ['b.a.example', '/deep'],
    ['example', '/deep/er'],
  ].map(([host, path]) => find(ir, { host: host!, path: path! }));
  expect(served).toEqual(['ingress', 'http', 'any']);
});

test('HostMap finds the most specific pattern', () => {
  const patterns = ['', 'a.example', '*.example', '*.b.example', 'x.b.example'];
  const map = new HostMap(new Map(patterns.map((pattern) => [pattern, pattern])));
  const hosts = ['a.example', 'z.example', 'z.b.example', 'y.z.b.example', 'x.b.example', 'example', '.example', ''];
  expect(hosts.map((host) => map.get(host))).toEqual([
    'a.example',
    '*.example',
    '*.b.example',
    '*.b.example',
    'x.b.example',
    '',
    '',
    '',
  ]);
  const chain: string[] = [];
  for (let wider = map.wider('x.b.example'); wider !== null; wider = wider.less) chain.push(wider.value);
  expect(chain).toEqual(['*.b.example', '*.example', '']);
});
