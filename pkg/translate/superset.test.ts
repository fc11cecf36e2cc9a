/** GatewayRoute is a strict superset of HTTPRoute: an HTTPRoute that is made one gives the same IR. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { apiVersionOf, GATEWAY_API_GROUP, KINDS, OUR_GROUP } from '../api/kinds.ts';
import type { KubeObject } from '../api/object.ts';
import { validateObject } from '../api/validate.ts';
import { readCase, storeOf } from '../testkit/golden.ts';
import { translate } from './translate.ts';

const root = new URL('../../', import.meta.url);
const examples = readdirSync(new URL('examples/', root), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => [name, yamlOf(new URL(`examples/${name}/`, root))] as const);
/** They are about what tells the kinds apart: a listener that takes one of them, and one name for both. */
const apart = ['route-disallowed-kind.in.yaml', 'route-all-invalid.in.yaml'];
const goldens = readdirSync(new URL('testdata/', import.meta.url))
  .filter((file) => file.startsWith('route-') && file.endsWith('.in.yaml') && !apart.includes(file))
  .map((file) => [file, readFileSync(new URL(`testdata/${file}`, import.meta.url), 'utf8')] as const);

test.each([...examples, ...goldens])('%s', (_name, text) => {
  const { objects, options } = readCase(text);
  const plain = translate(storeOf(objects.map(forBoth)).snapshot(), options).ir;
  const converted = translate(storeOf(objects.map(forBoth).map(convert)).snapshot(), options).ir;
  expect(JSON.stringify(converted).replaceAll('HTTPRoute', 'GatewayRoute')).toBe(
    JSON.stringify({ ...plain, routes: renamed(plain.routes) }).replaceAll('HTTPRoute', 'GatewayRoute'),
  );
});

function convert(object: KubeObject): KubeObject {
  if (object.kind !== 'HTTPRoute') return object;
  const result = validateObject({ ...object, kind: 'GatewayRoute', apiVersion: apiVersionOf(KINDS.GatewayRoute) });
  if (!('object' in result)) throw new Error(JSON.stringify(result));
  return result.object;
}

/** Grants and listeners that speak of HTTPRoutes speak of both kinds. */
function forBoth(object: KubeObject): KubeObject {
  const own = { group: OUR_GROUP, kind: 'GatewayRoute' };
  return JSON.parse(JSON.stringify(object), (_key, value: unknown) => {
    if (!Array.isArray(value)) return value;
    const spoken = value.filter((entry: unknown): entry is object => isRouteKind(entry));
    return [...value, ...spoken.map((entry) => ({ ...entry, ...own }))];
  }) as KubeObject;
}

function isRouteKind(entry: unknown): boolean {
  const { group, kind } = (entry ?? {}) as { readonly group?: unknown; readonly kind?: unknown };
  return group === GATEWAY_API_GROUP && kind === 'HTTPRoute';
}

// Sections stand in the order of their ids, and the ids change.
function renamed<T>(routes: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  const entries = Object.entries(routes).map(
    ([id, route]) => [id.replace('HTTPRoute', 'GatewayRoute'), route] as const,
  );
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b))));
}

function yamlOf(folder: URL): string {
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  return files.map((file) => readFileSync(fileURLToPath(new URL(file, folder)), 'utf8')).join('\n---\n');
}
