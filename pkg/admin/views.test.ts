/** Views of the served configuration: complete, and never with a private key in them. */
import { describe, expect, test } from '@jest/globals';
import type { Ir } from '../ir/ir.ts';
import type { PolicyOrigin } from '../ir/policy.ts';
import type { Route } from '../ir/route.ts';
import { debugPages } from './server.ts';
import { startTable } from './table.ts';
import { routeRows, type Served, viewOf } from './views.ts';

const anything = { path: { kind: 'PathPrefix', value: '/' }, headers: [], queryParams: [], cookies: [] } as const;

const origins: readonly PolicyOrigin[] = [
  { key: 'cors', state: 'Overridden', from: 'GatewayPolicy infra/baseline', by: 'GatewayPolicy shop/orders' },
  { key: 'cors', state: 'Enforced', from: 'GatewayPolicy shop/orders', filter: 'f' },
];

const route: Route = {
  kind: 'HTTPRoute',
  namespace: 'shop',
  name: 'orders',
  created: 0,
  attachments: [{ listener: 'infra/public/http', hostnames: ['shop.example.com', ''] }],
  rules: [
    {
      index: 0,
      matches: [{ ...anything, method: 'POST', headers: [{ name: 'x-a', kind: 'Exact', value: '1' }] }],
      filters: [],
      timeouts: {},
      action: {
        kind: 'forward',
        backends: [
          { weight: 9, priority: 0, cluster: 'Service/shop/orders:8080', filters: [] },
          { weight: 1, priority: 0, cluster: null, filters: [] },
        ],
      },
    },
    {
      index: 1,
      matches: [{ ...anything, path: { kind: 'Exact', value: '/old' } }],
      filters: ['f'],
      policies: 'p',
      timeouts: {},
      action: { kind: 'local' },
    },
    {
      index: 2,
      matches: [{ ...anything, path: { kind: 'RegularExpression', value: '/a.*' } }],
      filters: [],
      timeouts: {},
      action: { kind: 'refuse', status: 503, code: 'annotation-unsupported' },
    },
  ],
};

const ir = {
  sockets: { '*|8080': { address: '*', port: 8080, protocol: 'HTTP', tiers: [['infra/public/http']] } },
  listeners: {
    'infra/public/http': {
      gateway: 'infra/public',
      name: 'http',
      port: 80,
      protocol: 'HTTP',
      hostname: '',
      tls: { certificates: ['Secret/infra/tls'], minVersion: 'TLSv1.2' },
    },
  },
  routes: { 'HTTPRoute/shop/orders': route },
  filters: { f: { kind: 'redirect', config: {} } },
  clusters: {
    'Service/shop/orders:8080': {
      name: 'shop/orders:8080',
      endpoints: [
        { host: '::1', port: 8080, weight: 1, terminating: false },
        { host: '/run/a.sock', port: 0, weight: 1, terminating: true },
      ],
    },
  },
  certificates: { 'Secret/infra/tls': { certificate: 'no certificate', key: 'THE PRIVATE KEY' } },
  authorities: {},
  policies: { p: origins },
  secrets: {},
  settings: {},
} as object as Ir;

const served: Served = {
  version: 3,
  ir,
  statuses: [
    {
      ref: { group: '', kind: 'Service', namespace: 'shop', name: 'orders' },
      generation: 1,
      status: { conditions: [] },
      problems: [{ path: 'spec', reason: 'R', message: 'm' }],
    },
  ],
  problems: [],
};

describe('pages', () => {
  test.each(debugPages)('%s is JSON, with a version, and without key material', (page) => {
    const text = viewOf(page, served);
    expect(JSON.parse(text)).toMatchObject({ version: 3 });
    expect(text).not.toContain('PRIVATE');
  });
  test.each(debugPages)('%s is there before the first configuration', (page) => {
    expect(
      () => JSON.parse(viewOf(page, { version: 0, ir: null, statuses: [], problems: [] })) as unknown,
    ).not.toThrow();
  });
  test('endpoints are addresses', () => {
    expect(JSON.parse(viewOf('endpoints', served))).toMatchObject({
      clusters: [{ endpoints: [{ address: '[::1]:8080' }, { address: '/run/a.sock', terminating: true }] }],
    });
  });
  test('certificates name who uses them, and what is wrong with them', () => {
    expect(JSON.parse(viewOf('certs', served))).toMatchObject({
      certificates: [{ id: 'Secret/infra/tls', listeners: ['infra/public/http'], problem: expect.any(String) }],
    });
  });
});

test('routes are rows of listener, host, match, rule and backend', () => {
  const rows = routeRows(ir).filter(({ host }) => host === '*');
  expect(rows.map(({ path, rule, backend, address }) => [path, rule, backend, address])).toEqual([
    ['/old', 1, 'redirect', '*:8080'],
    ['POST /* header:x-a', 0, 'shop/orders:8080 ×9, 500 ×1', '*:8080'],
    ['~/a.*', 2, '503 annotation-unsupported', '*:8080'],
  ]);
});

test('routes say which policy is in force, and who overrides whom; without one they say nothing of it', () => {
  const { routes } = JSON.parse(viewOf('routes', served)) as { readonly routes: ReturnType<typeof routeRows> };
  expect(routes.filter(({ rule }) => rule === 1).map(({ policies }) => policies)).toEqual([origins, origins]);
  expect(routes.filter((row) => 'policies' in row).map(({ rule }) => rule)).toEqual([1, 1]);
});

describe('the start-up table', () => {
  test('says what listens, what does not and why, and what is served', () => {
    const lines = startTable(ir, { '*|8080': 'EADDRINUSE: address already in use' }).split('\n');
    expect(lines[0]).toBe('NOT listening on *:8080 (HTTP) for infra/public/http: EADDRINUSE: address already in use');
    expect(lines).toContain(
      '*:8080   shop.example.com  /old                redirect                     HTTPRoute/shop/orders[1]',
    );
    expect(startTable(ir, {})).toMatch(/^Listening on \*:8080/);
  });
  test('says so when there is nothing', () => {
    expect(startTable({ ...ir, sockets: {}, routes: {} }, {})).toMatch(/^No listeners/);
  });
});
