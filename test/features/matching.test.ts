/** Which rule serves a request: paths, methods, headers and queries, their precedence across routes, and what hostnames let through. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Origin } from '../../pkg/testkit/origin.ts';
import { createEcho, readEcho } from './echo.ts';
import { type AskOptions, type Feature, startFeature } from './feature.ts';
import { gatewayClass, gatewayManifest, routeManifest, services } from './folder.ts';

const all = 'allowedRoutes: { namespaces: { from: All } }';
const ports = { plain: 80, isolated: 8080, specific: 8090 };

/** A rule to the backend of this name; `match` is YAML of one match, or of several. */
const rule = (backend: string, ...matches: string[]) =>
  `{ ${matches.length === 0 ? '' : `matches: [${matches.join(', ')}], `}backendRefs: [{ name: ${backend}, port: 8080 }] }`;
const path = (value: string, type = 'PathPrefix') => `path: { type: ${type}, value: "${value}" }`;
const header = (name: string, value: string) => `{ name: ${name}, value: ${value} }`;

const routes: Record<string, string> = {
  // HTTPRouteExactPathMatching, HTTPRouteMatching
  exact: routeManifest(
    'exact',
    `[${rule('v1', `{ ${path('/one', 'Exact')} }`)}, ${rule('v2', `{ ${path('/two', 'Exact')} }`)}]`,
    'exact.test',
  ),
  basic: routeManifest(
    'basic',
    `[${rule('v1', `{ ${path('/')} }`, `{ headers: [${header('version', 'one')}] }`)},
      ${rule('v2', `{ ${path('/v2')} }`, `{ headers: [${header('version', 'two')}] }`)}]`,
    'basic.test',
  ),
  // HTTPRoutePathMatchOrder
  order: routeManifest(
    'order',
    `[${rule('v3', `{ ${path('/match/exact/one', 'Exact')} }`)}, ${rule('v2', `{ ${path('/match/exact', 'Exact')} }`)},
      ${rule('v1', `{ ${path('/match', 'Exact')} }`)}, ${rule('v2', `{ ${path('/match/prefix/one')} }`)},
      ${rule('v1', `{ ${path('/match/prefix')} }`)}, ${rule('v3', `{ ${path('/match')} }`)}]`,
    'order.test',
  ),
  // HTTPRouteMatchingAcrossRoutes: two routes on overlapping hosts, the longer match wins wherever it is written
  'across-1': routeManifest(
    'across-1',
    `[${rule('v1', `{ ${path('/')} }`, `{ headers: [${header('version', 'one')}] }`)}]`,
    'across.test, more.across.test',
  ),
  'across-2': routeManifest(
    'across-2',
    `[${rule('v2', `{ ${path('/v2')} }`, `{ headers: [${header('version', 'two')}] }`)}]`,
    'across.test',
  ),
  // HTTPRouteMethodMatching, HTTPRouteHeaderMatching, HTTPRouteQueryParamMatching
  words: routeManifest(
    'words',
    `[${rule('v1', '{ method: POST }')}, ${rule('v2', '{ method: GET }')},
      ${rule('v1', `{ ${path('/path1')}, method: GET }`)},
      ${rule('v2', `{ headers: [${header('version', 'one')}], method: PUT }`)},
      ${rule('v3', `{ ${path('/path2')}, headers: [${header('version', 'two')}], method: POST }`)},
      ${rule('v1', `{ ${path('/path3')}, method: PATCH }`)},
      ${rule('v2', `{ ${path('/path4')}, headers: [${header('version', 'three')}], method: DELETE }`)},
      ${rule('v1', `{ ${path('/path5')}, method: GET }`)},
      ${rule('v2', `{ ${path('/path5')}, headers: [${header('version', 'four')}] }`)}]`,
    'words.test',
  ),
  headers: routeManifest(
    'headers',
    `[${rule('v1', `{ headers: [${header('version', 'one')}] }`)}, ${rule('v2', `{ headers: [${header('version', 'two')}] }`)},
      ${rule('v1', `{ headers: [${header('version', 'two')}, ${header('color', 'orange')}] }`)},
      ${rule('v2', `{ headers: [${header('color', 'blue')}] }`, `{ headers: [${header('color', 'green')}] }`)}]`,
    'headers.test',
  ),
  queries: routeManifest(
    'queries',
    `[${rule('v1', `{ queryParams: [${header('animal', 'whale')}] }`)}, ${rule('v2', `{ queryParams: [${header('animal', 'dolphin')}] }`)},
      ${rule('v3', `{ queryParams: [${header('animal', 'dolphin')}, ${header('color', 'blue')}] }`)},
      ${rule('v2', `{ ${path('/path1')}, queryParams: [${header('animal', 'whale')}] }`)},
      ${rule('v3', `{ headers: [${header('version', 'one')}], queryParams: [${header('animal', 'whale')}] }`)}]`,
    'queries.test',
  ),
  regex: routeManifest(
    'regex',
    `[${rule('v1', `{ ${path('/v[0-9]+/items', 'RegularExpression')} }`)},
      ${rule('v2', '{ headers: [{ type: RegularExpression, name: version, value: "v[12]" }] }')}]`,
    'regex.test',
  ),
};

/** HTTPRouteListenerHostname isolation: a route per listener, each on its own path. */
const listeners = { empty: null, star: '*.example.com', starFoo: '*.foo.example.com', exact: 'abc.foo.example.com' };
const isolated = Object.entries(listeners).map(
  ([name, hostname]) =>
    `{ name: ${name.toLowerCase()}, port: 8080, protocol: HTTP, ${hostname === null ? '' : `hostname: "${hostname}", `}${all} }`,
);
const isolatedRoutes = Object.keys(listeners).map((name) =>
  routeManifest(`on-${name.toLowerCase()}`, `[${rule('v1', `{ ${path(`/${name}`)} }`)}]`)
    .replace('name: public', `name: isolated, sectionName: ${name.toLowerCase()}`)
    .replace(/ {2}hostnames.*\n/, ''),
);

/** HTTPRouteHostnameIntersection. */
const specific = ['very.specific.com', '*.wildcard.io', '*.anotherwildcard.io'].map(
  (hostname, i) => `{ name: l${i}, port: 8090, protocol: HTTP, hostname: "${hostname}", ${all} }`,
);
const intersecting: Record<string, readonly string[]> = {
  s1: ['non.matching.com', '*.nonmatchingwildcard.io', 'very.specific.com'],
  s2: ['non.matching.com', 'wildcard.io', 'foo.wildcard.io', 'bar.wildcard.io', 'foo.bar.wildcard.io'],
  s3: ['*.specific.com'],
  s4: ['*.anotherwildcard.io'],
  none: ['specific.but.wrong.com', 'wildcard.io'],
};
const intersectingRoutes = Object.entries(intersecting).map(([name, hosts]) =>
  routeManifest(
    name,
    `[${rule('v1', `{ ${path(`/${name}`)} }`)}]`,
    hosts.map((host) => `"${host}"`).join(', '),
  ).replace('name: public', 'name: specific'),
);

let origins: readonly Origin[] = [];
let feature: Feature;
beforeAll(async () => {
  origins = await Promise.all(['v1', 'v2', 'v3'].map((name) => createEcho(name)));
  const [v1, v2, v3] = origins.map(({ port }) => port);
  feature = await startFeature(
    {
      'base.yaml':
        [
          gatewayClass,
          gatewayManifest('public', `[{ name: http, port: ${ports.plain}, protocol: HTTP, ${all} }]`),
          gatewayManifest('isolated', `[${isolated.join(', ')}]`),
          gatewayManifest('specific', `[${specific.join(', ')}]`),
        ].join('---\n') + services({ v1: v1 ?? 0, v2: v2 ?? 0, v3: v3 ?? 0 }),
      'routes.yaml': Object.values(routes).join('---\n'),
      'isolated.yaml': isolatedRoutes.join('---\n'),
      'intersecting.yaml': intersectingRoutes.join('---\n'),
    },
    { ports: [8080, 8090] },
  );
});
afterAll(async () => {
  await feature.stop();
  await Promise.all(origins.map((origin) => origin.close()));
});

/** What answers: the name of the backend, or the status of the gateway itself. */
async function served(url: string, options?: AskOptions): Promise<string | number> {
  const answer = await feature.ask(url, options);
  return answer.status === 200 && answer.body !== '' ? readEcho(answer.body).origin : answer.status;
}

describe('paths', () => {
  test.each<[string, string | number]>([
    ['http://exact.test/one', 'v1'],
    ['http://exact.test/two', 'v2'],
    ['http://exact.test/', 404],
    ['http://exact.test/one/example', 404],
    ['http://exact.test/one/', 404],
    ['http://exact.test/One', 404],
    ['http://basic.test/', 'v1'],
    ['http://basic.test/example', 'v1'],
    ['http://basic.test/v2', 'v2'],
    ['http://basic.test/v2/', 'v2'],
    ['http://basic.test/v2/example', 'v2'],
    ['http://basic.test/v2example', 'v1'],
    ['http://basic.test/foo/v2/example', 'v1'],
    ['http://order.test/match/exact/one', 'v3'],
    ['http://order.test/match/exact', 'v2'],
    ['http://order.test/match', 'v1'],
    ['http://order.test/match/prefix/one/any', 'v2'],
    ['http://order.test/match/prefix/any', 'v1'],
    ['http://order.test/match/any', 'v3'],
    ['http://regex.test/v12/items', 'v1'],
    ['http://regex.test/v/items', 404],
    ['http://regex.test/v12/items/more', 404],
  ])('%s → %s', async (url, expected) => {
    expect(await served(url)).toBe(expected);
  });
});

describe('headers and routes that meet on a host', () => {
  test.each<[string, Record<string, string>, string | number]>([
    ['http://basic.test/', { version: 'one' }, 'v1'],
    ['http://basic.test/', { version: 'two' }, 'v2'],
    ['http://basic.test/v2/', { version: 'one' }, 'v2'],
    ['http://across.test/', {}, 'v1'],
    ['http://across.test/', { version: 'two' }, 'v2'],
    ['http://across.test/v2', {}, 'v2'],
    ['http://across.test/v2example', {}, 'v1'],
    ['http://more.across.test/v2', {}, 'v1'],
    ['http://headers.test/', { Version: 'one' }, 'v1'],
    ['http://headers.test/', { version: 'two' }, 'v2'],
    ['http://headers.test/', { version: 'two', color: 'orange' }, 'v1'],
    ['http://headers.test/', { color: 'blue' }, 'v2'],
    ['http://headers.test/', { color: 'green' }, 'v2'],
    ['http://headers.test/', { color: 'red' }, 404],
    ['http://headers.test/', { color: 'purple' }, 404],
    ['http://headers.test/', { version: 'One' }, 404],
    ['http://headers.test/', {}, 404],
    ['http://regex.test/', { version: 'v2' }, 'v2'],
    ['http://regex.test/', { version: 'v22' }, 404],
  ])('%s %j → %s', async (url, headers, expected) => {
    expect(await served(url, { headers })).toBe(expected);
  });
});

describe('methods before headers, headers before queries', () => {
  test.each<[string, string, Record<string, string>, string | number]>([
    ['POST', 'http://words.test/', {}, 'v1'],
    ['GET', 'http://words.test/', {}, 'v2'],
    ['HEAD', 'http://words.test/', {}, 404],
    ['GET', 'http://words.test/path1', {}, 'v1'],
    ['PUT', 'http://words.test/', { version: 'one' }, 'v2'],
    ['POST', 'http://words.test/path2', { version: 'two' }, 'v3'],
    ['PATCH', 'http://words.test/path3', {}, 'v1'],
    ['DELETE', 'http://words.test/path4', { version: 'three' }, 'v2'],
    ['GET', 'http://words.test/path5', {}, 'v1'],
    ['GET', 'http://words.test/path5', { version: 'four' }, 'v1'],
    ['PATCH', 'http://words.test/path5', { version: 'four' }, 'v2'],
    ['GET', 'http://queries.test/?animal=whale', {}, 'v1'],
    ['GET', 'http://queries.test/?animal=dolphin', {}, 'v2'],
    ['GET', 'http://queries.test/?animal=dolphin&color=blue', {}, 'v3'],
    ['GET', 'http://queries.test/?ANIMAL=Whale', {}, 404],
    ['GET', 'http://queries.test/?animal=whale&otherparam=irrelevant', {}, 'v1'],
    ['GET', 'http://queries.test/?animal=shark', {}, 404],
    ['GET', 'http://queries.test/?animal=whale&animal=dolphin', {}, 'v1'],
    ['GET', 'http://queries.test/path1?animal=whale', {}, 'v2'],
    ['GET', 'http://queries.test/?animal=whale', { version: 'one' }, 'v3'],
    ['GET', 'http://queries.test/', {}, 404],
  ])('%s %s %j → %s', async (method, url, headers, expected) => {
    expect(await served(url, { method, headers })).toBe(expected);
  });
});

describe('a listener serves the hosts of which it is the most specific one, and only its own routes', () => {
  const hosts = {
    empty: 'bar.com',
    star: 'bar.example.com',
    starFoo: 'bar.foo.example.com',
    exact: 'abc.foo.example.com',
  };
  const cases = Object.entries(hosts).flatMap(([owner, host]) =>
    Object.keys(listeners).map((name) => [`http://${host}:8080/${name}`, name === owner ? 'v1' : 404] as const),
  );
  test.each(cases)('%s → %s', async (url, expected) => {
    expect(await served(url)).toBe(expected);
  });
});

describe('hostnames of listeners and routes intersect', () => {
  test.each<[string, string, string | number]>([
    ['very.specific.com', '/s1', 'v1'],
    ['non.matching.com', '/s1', 404],
    ['foo.nonmatchingwildcard.io', '/s1', 404],
    ['foo.wildcard.io', '/s2', 'v1'],
    ['bar.wildcard.io', '/s2', 'v1'],
    ['foo.bar.wildcard.io', '/s2', 'v1'],
    ['wildcard.io', '/s2', 404],
    ['very.specific.com', '/s3', 'v1'],
    ['VERY.Specific.COM', '/s3', 'v1'],
    ['very.specific.com:1234', '/s3', 'v1'],
    ['very.specific.com.', '/s3', 'v1'],
    ['foo.specific.com', '/s3', 404],
    ['foo.anotherwildcard.io', '/s4', 'v1'],
    ['foo.bar.anotherwildcard.io', '/s4', 'v1'],
    ['anotherwildcard.io', '/s4', 404],
    ['very.specific.com', '/non-matching-prefix', 404],
  ])('%s%s → %s', async (host, target, expected) => {
    expect(await served(`http://any:8090${target}`, { headers: { host } })).toBe(expected);
  });

  test('a route that shares no hostname says so', async () => {
    expect(await feature.condition('HTTPRoute', 'none', 'Accepted')).toBe('False NoMatchingListenerHostname');
    expect(await feature.condition('HTTPRoute', 's1', 'Accepted')).toBe('True Accepted');
  });
});
