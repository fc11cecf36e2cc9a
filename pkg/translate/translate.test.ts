/** What holds for every translation, shown on all golden cases: the memo changes nothing, and a broken object costs nobody but itself. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { type KubeObject, refOf } from '../api/object.ts';
import type { Ir } from '../ir/ir.ts';
import type { Change } from '../source/source.ts';
import { type GoldenCase, readCase, storeOf } from '../testkit/golden.ts';
import { Memo } from './memo.ts';
import { translate } from './translate.ts';

const folder = fileURLToPath(new URL('./testdata/', import.meta.url));
const cases: readonly (readonly [string, GoldenCase])[] = readdirSync(folder)
  .filter((file) => file.endsWith('.in.yaml'))
  .map((file) => [file.slice(0, -'.in.yaml'.length), readCase(readFileSync(`${folder}${file}`, 'utf8'))]);

describe('the memo', () => {
  test.each(cases)('gives what a run without it gives, whatever changes: %s', (_name, { objects, options }) => {
    const memo = new Memo();
    // A pool's addresses stay with whom they were given to, so they do depend on what was before.
    const own = { ...options, addresses: [] };
    const store = storeOf([]);
    for (const change of edits(objects)) {
      store.apply([change]);
      const snapshot = store.snapshot();
      expect(translate(snapshot, own, memo)).toEqual(translate(snapshot, own));
    }
  });

  test('keeps every route but the one that changed', () => {
    const { objects, options } = goldenCase('route-backendrefs');
    const store = storeOf(objects);
    const memo = new Memo();
    const before = translate(store.snapshot(), options, memo).ir.routes;
    const good = objects.find(({ kind, metadata }) => kind === 'HTTPRoute' && metadata.name === 'good');
    if (good === undefined) throw new Error('the case has lost its route');
    store.apply([{ kind: 'upsert', object: { ...good } }]);
    const after = translate(store.snapshot(), options, memo).ir.routes;
    const same = Object.keys(after).filter((id) => after[id] === before[id]);
    expect(same.toSorted()).toEqual(Object.keys(after).filter((id) => id !== 'HTTPRoute/shop/good'));
    expect(after).toEqual(before);
  });

  test('keeps the address of a Gateway when an older one goes', () => {
    const { objects, options } = goldenCase('gateway-addresses-pool');
    const store = storeOf(objects);
    const memo = new Memo();
    const addressOf = (ir: Ir, listener: string): string | undefined =>
      Object.values(ir.sockets).find(({ tiers }) => tiers.flat().includes(listener))?.address;
    expect(addressOf(translate(store.snapshot(), options, memo).ir, 'infra/b/http')).toBe('127.0.0.12');
    store.apply([
      { kind: 'remove', ref: { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'infra', name: 'c' } },
    ]);
    const { ir } = translate(store.snapshot(), options, memo);
    expect(addressOf(ir, 'infra/b/http')).toBe('127.0.0.12');
    expect(addressOf(ir, 'infra/a/http')).toBe('127.0.0.11');
  });
});

describe('a broken object', () => {
  const broken = readCase(
    readFileSync(fileURLToPath(new URL('./testdata/broken.yaml', import.meta.url)), 'utf8'),
  ).objects;

  test.each(cases)('changes nothing in the IR of others: %s', (_name, { objects, options, snapshot }) => {
    const before = translate(snapshot, options).ir;
    for (const one of broken) {
      const after = translate(storeOf([...objects, one]).snapshot(), options).ir;
      for (const section of Object.keys(before) as (keyof Ir)[]) expect(after[section]).toMatchObject(before[section]);
    }
  });
});

test.each(cases)('every condition has the generation of its object: %s', (_name, { objects, options }) => {
  const later = objects.map((object) => ({ ...object, metadata: { ...object.metadata, generation: 7 } }));
  const { statuses } = translate(storeOf(later).snapshot(), options);
  expect(JSON.stringify(statuses)).not.toMatch(/"observedGeneration":(?!7\b)/);
  expect(statuses.every(({ generation }) => generation === 7)).toBe(true);
});

test.each(cases)('no message is longer than 1 KiB: %s', (_name, { snapshot, options }) => {
  const messages = [
    ...JSON.stringify(translate(snapshot, options).statuses).matchAll(/"message":"((?:[^"\\]|\\.)*)"/g),
  ];
  for (const [, message = ''] of messages) expect(Buffer.byteLength(message)).toBeLessThan(1_100);
});

/** Adds the objects in an order that leaves references dangling, takes each away, and brings it back as another instance. */
function edits(objects: readonly KubeObject[]): readonly Change[] {
  const upsert = (object: KubeObject): Change => ({ kind: 'upsert', object });
  const remove = (object: KubeObject): Change => ({ kind: 'remove', ref: refOf(object) });
  return [
    ...objects.toReversed().map(upsert),
    ...objects.flatMap((object) => [remove(object), upsert({ ...object })]),
    ...objects.map(remove),
  ];
}

function goldenCase(wanted: string): GoldenCase {
  const found = cases.find(([name]) => name === wanted);
  if (found === undefined) throw new Error(`no golden case ${wanted}`);
  return found[1];
}
