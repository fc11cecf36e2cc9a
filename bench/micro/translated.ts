/** The estate, translated: what the micro-benchmarks of translation, compilation and matching work on. */
import type { KubeObject } from '../../pkg/api/object.ts';
import { validateObject } from '../../pkg/api/validate.ts';
import type { Ir } from '../../pkg/ir/ir.ts';
import type { Store } from '../../pkg/store/store.ts';
import { goldenOptions, storeOf } from '../../pkg/testkit/golden.ts';
import { Memo } from '../../pkg/translate/memo.ts';
import { translate } from '../../pkg/translate/translate.ts';
import type { TranslateOptions, Translation } from '../../pkg/translate/translation.ts';
import { estateFiles, type Manifest } from '../estate.ts';

export const options: TranslateOptions = { ...goldenOptions, allowLoopbackEndpoints: true, directoryMode: true };

export function objectOf(manifest: Manifest): KubeObject {
  const result = validateObject(structuredClone(manifest));
  if ('object' in result) return result.object;
  throw new Error(`not valid: ${JSON.stringify(result)}`);
}

/** Of an estate whose origin nobody asks. */
export function estateManifests(hosts: number): readonly Manifest[] {
  return Object.values(estateFiles({ hosts, port: 80, originPort: 9 })).flat();
}

export function estateStore(hosts: number): Store {
  return storeOf(estateManifests(hosts).map(objectOf));
}

export interface Estate {
  readonly store: Store;
  readonly memo: Memo;
  readonly translation: Translation;
}

export function translateEstate(hosts: number): Estate {
  const store = estateStore(hosts);
  const memo = new Memo();
  const translation = translate(store.snapshot(), options, memo);
  return { store, memo, translation };
}

/** As a worker gets it: of new objects that nobody else holds. */
export function received(ir: Ir): Ir {
  return JSON.parse(JSON.stringify(ir)) as Ir;
}
