/** Every HTTPRoute is a GatewayRoute that says the same: change apiVersion and kind, and nothing else. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { validateObject } from './validate.ts';

const root = join(import.meta.dirname, '../..');
const files = ['pkg/api/testdata/httproutes.yaml', ...globSync('examples/**/*.yaml', { cwd: root })];
const routes = files
  .flatMap((file) => documentsOf(file).map((document) => [`${file} ${document.metadata.name}`, document] as const))
  .filter(([, document]) => document.kind === 'HTTPRoute');

interface Document {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

function documentsOf(file: string): Document[] {
  const documents = parseAllDocuments(readFileSync(join(root, file), 'utf8'));
  return documents.map((document) => document.toJS() as Document | null).filter((document) => document !== null);
}

function specOf(raw: object): object {
  const result = validateObject(raw);
  if (!('object' in result)) throw new Error(JSON.stringify(result));
  return (result.object as typeof result.object & { readonly spec: object }).spec;
}

describe('an HTTPRoute', () => {
  test.each(routes)('%s is the same as a GatewayRoute', (_name, route) => {
    const ours = specOf({ ...route, apiVersion: 'gateway.suuupra.io/v1alpha1', kind: 'GatewayRoute' });
    // The one thing more: backendRefs[].priority, whose default means nothing.
    expect(JSON.parse(JSON.stringify(ours).replaceAll(/,?"priority":0/g, ''))).toEqual(specOf(route));
  });

  test('there are some', () => {
    expect(routes.length).toBeGreaterThan(6);
  });
});
