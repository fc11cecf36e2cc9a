/** Golden pairs: `<case>.in.yaml` (objects, as users write them) and `<case>.out.yaml` (IR and statuses). For tests of translate. */
import { parseAllDocuments, stringify } from 'yaml';
import type { KubeObject } from '../api/object.ts';
import { validateObject } from '../api/validate.ts';
import type { Change } from '../source/source.ts';
import type { Snapshot } from '../store/snapshot.ts';
import { createStore, type Store } from '../store/store.ts';
import { translateSettings } from '../translate/settings.ts';
import type { TranslateOptions, Translation } from '../translate/translation.ts';

export interface GoldenCase {
  readonly options: TranslateOptions;
  readonly objects: readonly KubeObject[];
  readonly snapshot: Snapshot;
}

export const goldenOptions: TranslateOptions = {
  addresses: [],
  portMap: {},
  allowLoopbackEndpoints: false,
  directoryMode: false,
  now: 0,
  unbound: {},
};

/**
 * Reads a case. A document `options: {…}` changes TranslateOptions; every other is an object, validated and defaulted as by a source.
 * Namespaces that are used exist, with the label that the API server gives them.
 * @throws if a document is not valid: a golden case shows what translate does with what the sources let through
 */
export function readCase(text: string): GoldenCase {
  let options = goldenOptions;
  const objects: KubeObject[] = [];
  for (const document of parseAllDocuments(text, { version: '1.1' })) {
    const value: unknown = document.toJS();
    if (value === null) continue;
    if (typeof value === 'object' && 'options' in value) {
      options = { ...options, ...(value.options as Partial<TranslateOptions>) };
      continue;
    }
    const result = validateObject(value);
    if ('problems' in result && result.standIn !== undefined) {
      objects.push(result.standIn);
      continue;
    }
    if (!('object' in result)) throw new Error(`${JSON.stringify(value)}: ${JSON.stringify(result)}`);
    objects.push(result.object);
  }
  return { options, objects, snapshot: storeOf(objects).snapshot() };
}

/** A store that holds the objects, and a Namespace for each namespace that they use. */
export function storeOf(objects: readonly KubeObject[]): Store {
  const given = new Set(objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name));
  const used = new Set(
    objects.map(({ metadata }) => metadata.namespace).filter((name) => name !== '' && !given.has(name)),
  );
  const namespaces = [...used].map((name) =>
    validateObject({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }),
  );
  const changes: Change[] = [...objects, ...namespaces.flatMap((n) => ('object' in n ? [n.object] : []))].map(
    (object) => ({
      kind: 'upsert',
      object: object.kind === 'Namespace' ? withNameLabel(object) : object,
    }),
  );
  const store = createStore();
  store.apply(changes);
  return store;
}

/** YAML of a translation, without what is the same in every case: empty sections, default settings, and key material. */
export function renderTranslation({ ir, statuses, exposures }: Translation, options: TranslateOptions): string {
  const defaults = JSON.stringify(translateSettings(undefined, options));
  const sections = Object.entries(ir).flatMap(([name, section]) => {
    if (name === 'settings') return JSON.stringify(ir.settings.default) === defaults ? [] : [[name, section]];
    if (name === 'certificates' || name === 'authorities' || name === 'secrets')
      section = Object.fromEntries(Object.keys(section).map((id) => [id, name === 'secrets' ? '(secret)' : '(PEM)']));
    return Object.keys(section).length === 0 ? [] : [[name, section]];
  });
  return stringify(
    { ir: Object.fromEntries(sections), statuses, ...(exposures === undefined ? {} : { exposures }) },
    { lineWidth: 0, aliasDuplicateObjects: false, sortMapEntries: false },
  );
}

// kubernetes.io/metadata.name is on every Namespace of a cluster: selectors rely on it.
function withNameLabel(object: KubeObject): KubeObject {
  const { metadata } = object;
  const labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
  return { ...object, metadata: { ...metadata, labels } };
}
