/** The routes of the benchmarks scale and churn: valid, and every request of theirs leads to the route that it is meant for. */
import { describe, expect, test } from '@jest/globals';
import {
  endpointsFile,
  estateFiles,
  estateRequests,
  hostManifests,
  RoutesPerHost,
  routesFile,
  sliceManifest,
} from '../../bench/estate.ts';
import { loadRequests, someRequests } from '../../bench/estate-load.ts';
import { objectOf, options } from '../../bench/micro/translated.ts';
import type { Ir } from '../../pkg/ir/ir.ts';
import { createCompiler } from '../../pkg/routing/compile.ts';
import { storeOf } from '../../pkg/testkit/golden.ts';
import { translate } from '../../pkg/translate/translate.ts';

const Hosts = 3;
const files = estateFiles({ hosts: Hosts, port: 80, originPort: 9 });
const objects = Object.values(files).flat().map(objectOf);
const irOf = (list: typeof objects): Ir => translate(storeOf(list).snapshot(), options).ir;

test('every request leads to its own route, and every route has one', () => {
  const { sockets } = createCompiler({ filter: () => ({}) }).compile(1, irOf(objects));
  const requests = estateRequests(Hosts);
  const found = requests.map(({ host, path, headers }) => {
    const rule = sockets.get('*|80')?.find(
      {
        method: 'GET',
        host,
        path,
        header: (name) => headers[name],
        queryParam: () => undefined,
        cookie: () => undefined,
      },
      null,
    );
    return typeof rule === 'object' ? rule.routeId : rule;
  });
  expect(found).toEqual(requests.map(({ route }) => route));
  expect(new Set(found).size).toBe(Hosts * RoutesPerHost);
});

describe('an edit', () => {
  const editedBy = (list: typeof objects, changed: readonly object[]): Ir => {
    const edited = changed.map((manifest) => objectOf(manifest as Readonly<Record<string, unknown>>));
    const names = new Set(edited.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
    return irOf([...list.filter(({ kind, metadata }) => !names.has(`${kind}/${metadata.name}`)), ...edited]);
  };

  test('of a route changes that route alone', () => {
    const [before, after] = [irOf(objects), editedBy(objects, hostManifests(1, 4, 7))];
    const changed = Object.keys(after.routes).filter(
      (id) => JSON.stringify(after.routes[id]) !== JSON.stringify(before.routes[id]),
    );
    expect(changed).toEqual(['HTTPRoute/shops/shop-1-images']);
    expect(after.clusters).toEqual(before.clusters);
  });

  test('of an EndpointSlice changes one cluster alone', () => {
    const [before, after] = [irOf(objects), editedBy(objects, [sliceManifest(2, 9, true)])];
    const changed = Object.keys(after.clusters).filter(
      (id) => JSON.stringify(after.clusters[id]) !== JSON.stringify(before.clusters[id]),
    );
    expect(changed).toHaveLength(1);
    expect(after.routes).toEqual(before.routes);
  });

  test('goes into a file that is there', () => {
    expect(Object.keys(files)).toEqual(expect.arrayContaining([routesFile(2), endpointsFile(2)]));
  });
});

test('the load is spread over hosts and routes', () => {
  const chosen = someRequests(1_000);
  expect(new Set(chosen.map(({ host }) => host)).size).toBeGreaterThan(30);
  expect(new Set(chosen.map(({ path }) => path)).size).toBeGreaterThan(4);
  expect(loadRequests(chosen)[0]?.text).toMatch(/^GET \/\S+\/200\S* HTTP\/1\.1\r\nHost: shop-\d+\.example\.com\r\n/);
});
