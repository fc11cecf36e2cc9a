/** What the controller thread pays for 10,000 routes: validated, translated the first time, and again after one change. */
import type { KubeObject } from '../../pkg/api/object.ts';
import { storeOf } from '../../pkg/testkit/golden.ts';
import { Memo } from '../../pkg/translate/memo.ts';
import { translate } from '../../pkg/translate/translate.ts';
import { routeManifest } from '../estate.ts';
import { type Figure, figureOf } from './benchmark.ts';
import { estateManifests, objectOf, options } from './translated.ts';

const group = 'translation of 10,000 routes';
const Hosts = 1_000;

export function measureTranslation(rounds: number): readonly Figure[] {
  const manifests = estateManifests(Hosts);
  const times = { validate: [] as number[], cold: [] as number[], same: [] as number[], warm: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    let objects: readonly KubeObject[] = [];
    times.validate.push(timed(() => (objects = manifests.map(objectOf))));
    const store = storeOf(objects);
    const memo = new Memo();
    times.cold.push(timed(() => translate(store.snapshot(), options, memo)));
    times.same.push(timed(() => translate(store.snapshot(), options, memo)));
    for (let i = 0; i < 5; i++) {
      store.apply([{ kind: 'upsert', object: objectOf(routeManifest(17 * i, i, 7)) }]);
      times.warm.push(timed(() => translate(store.snapshot(), options, memo)));
    }
  }
  const figure = (name: string, values: readonly number[]): Figure => figureOf({ group, name, unit: 'ms' }, values);
  return [
    figure(`validate the ${manifests.length} objects`, times.validate),
    figure('translate, cold', times.cold),
    figure('translate again, one route changed', times.warm),
    figure('translate again, nothing changed', times.same),
  ];
}

function timed(task: () => unknown): number {
  const start = performance.now();
  task();
  return performance.now() - start;
}
