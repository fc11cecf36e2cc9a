/** A long list, page by page. */
import { expect, test } from '@jest/globals';
import { MemoryApiServer } from '../testkit/apiserver.ts';
import { knownCollections } from '../testkit/apiserver-kinds.ts';
import { listPages } from './pages.ts';

test('every object comes once, with the version of the list', async () => {
  const api = new MemoryApiServer(knownCollections());
  for (let i = 0; i < 1_100; i++) {
    await api.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `c${i}`, labels: { half: String(i % 2) } },
    });
  }
  const read = async (query: Record<string, string>) => {
    const pages: { readonly metadata: { readonly name: string } }[][] = [];
    const versions = new Set<string>();
    for await (const page of listPages<{ metadata: { name: string } }>(api, { path: '/api/v1/configmaps', query })) {
      pages.push([...page.items]);
      versions.add(page.resourceVersion);
    }
    const names = new Set(pages.flat().map(({ metadata }) => metadata.name));
    return [pages.map((page) => page.length).join(' '), names.size, versions.size];
  };
  expect(await read({})).toEqual(['500 500 100', 1_100, 1]);
  expect(await read({ labelSelector: 'half=1' })).toEqual(['500 50', 550, 1]);
  expect(await read({ labelSelector: 'half=2' })).toEqual(['0', 0, 1]);
});
