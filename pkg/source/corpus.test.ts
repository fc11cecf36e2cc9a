/** The golden corpus of translation through an API server gives what it gives without one: nothing that is needed is left out. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import type { KubeObject } from '../api/object.ts';
import { validateObject } from '../api/validate.ts';
import { FakeClock } from '../store/clock.testing.ts';
import { createStore } from '../store/store.ts';
import { MemoryApiServer } from '../testkit/apiserver.ts';
import { knownCollections } from '../testkit/apiserver-kinds.ts';
import { readCase, storeOf } from '../testkit/golden.ts';
import { translate } from '../translate/translate.ts';
import { KubeSource } from './kube.ts';

const folder = fileURLToPath(new URL('../translate/testdata/', import.meta.url));
const cases = readdirSync(folder)
  .filter((file) => file.endsWith('.in.yaml'))
  .map((file) => ({ file, ...readCase(readFileSync(folder + file, 'utf8')) }))
  // What cannot be read is no object that an API server could be given: `inventory.test.ts`.
  .filter(({ objects }) => objects.every((object) => !('unread' in object)));

test.each(cases)('$file', async ({ objects: written, options }) => {
  const objects = written.map(dated);
  const api = new MemoryApiServer(knownCollections());
  const store = createStore();
  const { defaultCertificate: own } = options;
  const source = new KubeSource({
    api,
    needs: own === undefined ? [] : [`Secret/${own.namespace}/${own.name}`],
    validate: validateObject,
    namespaces: [],
    clock: new FakeClock(),
    random: () => 0.5,
    onFailure: (what, error) => {
      throw new Error(`${what}: ${error.message}`);
    },
  });
  const problems: unknown[] = [];
  // Half of them are there before the source looks, the others come one by one.
  const [early, late] = [objects.filter((_, i) => i % 2 === 0), objects.filter((_, i) => i % 2 === 1)];
  for (const object of early) await api.apply(object as unknown as Record<string, unknown>);
  await source.start({ apply: (changes) => void store.apply(changes), problems: (found) => problems.push(...found) });
  for (const object of late) await api.apply(object as unknown as Record<string, unknown>);
  for (let i = 0; i < 300; i++) await Promise.resolve();
  await source.close();
  expect(problems).toEqual([]);
  const there = translate(store.snapshot(), options);
  const here = translate(storeOf(objects).snapshot(), options);
  expect(there.ir).toEqual(here.ir);
  expect(there.statuses).toEqual(here.statuses);
});

/** Age decides between objects; a directory has none, and names decide. */
function dated(object: KubeObject): KubeObject {
  const { creationTimestamp = '2026-11-25T10:00:00Z' } = object.metadata;
  return { ...object, metadata: { ...object.metadata, creationTimestamp } };
}
