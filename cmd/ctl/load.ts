/** Manifests or the objects of a cluster, read once and translated as the gateway would. Used by every command that takes `[DIR]`. */
import { stat } from 'node:fs/promises';
import type { ObjectRef } from '../../pkg/api/object.ts';
import { validateObject } from '../../pkg/api/validate.ts';
import { DirectorySource } from '../../pkg/source/directory.ts';
import type { SourceProblem } from '../../pkg/source/source.ts';
import { keyStatusAt } from '../../pkg/status/keytimes.ts';
import { statusProblem } from '../../pkg/status/line.ts';
import type { PlacedProblem } from '../../pkg/status/problem.ts';
import type { ObjectStatus } from '../../pkg/status/status.ts';
import type { Snapshot } from '../../pkg/store/snapshot.ts';
import { createStore } from '../../pkg/store/store.ts';
import { translate } from '../../pkg/translate/translate.ts';
import type { TranslateOptions, Translation } from '../../pkg/translate/translation.ts';
import { unassignedOptions } from '../../pkg/translate/unassigned.ts';
import { UsageError } from './command.ts';
import { type Place, type Scope, scopeOf } from './place.ts';

export interface Loaded extends Translation {
  readonly snapshot: Snapshot;
  /** Of documents first, then of objects; each with its place. Of every namespace. */
  readonly problems: readonly PlacedProblem[];
  readonly scope: Scope;
}

/** What `gateway --directory` has when nothing else is said. */
const ofDirectory: TranslateOptions = {
  addresses: [],
  portMap: {},
  allowLoopbackEndpoints: true,
  directoryMode: true,
  // No object says how the gateway is started, and what would serve must not be called a mistake.
  countries: true,
  now: 0,
  unbound: {},
};

/** What a gateway in a cluster has, as far as objects can tell. */
const ofCluster: TranslateOptions = {
  ...ofDirectory,
  allowLoopbackEndpoints: false,
  directoryMode: false,
  cluster: { ingressService: '', podAddresses: [], apiServer: [], ownAddresses: [], refusals: {} },
};

export interface LoadOptions {
  /** Of a cluster: as if every Gateway had an address. */
  readonly anyAddress?: true;
}

export function load(place: Place, options: LoadOptions = {}): Promise<Loaded> {
  return place.directory === null ? loadCluster(place, options) : loadDirectory(place.directory, scopeOf(place, ''));
}

async function loadCluster(place: Place, { anyAddress }: LoadOptions): Promise<Loaded> {
  // Loaded when needed: reading a kubeconfig takes half a second of code.
  const { openCluster, readCluster } = await import('./cluster.ts');
  const cluster = openCluster(place);
  try {
    const { snapshot, problems } = await readCluster(cluster, place.observe);
    // What is observed is another controller's: no Service of ours stands in front of its Gateways.
    const unassigned = anyAddress === true || place.observe.length > 0;
    const translation = translate(
      snapshot,
      unassigned ? { ...unassignedOptions(snapshot), countries: true } : ofCluster,
    );
    const scope = scopeOf(place, cluster.namespace);
    return {
      ...atThisTime(translation, snapshot),
      snapshot,
      scope,
      problems: [...problems, ...placed(translation.statuses, () => undefined)],
    };
  } finally {
    await cluster.api.close();
  }
}

async function loadDirectory(directory: string, scope: Scope): Promise<Loaded> {
  const facts = await stat(directory).catch(() => null);
  if (!facts?.isDirectory()) throw new UsageError(`${directory} is not a directory that can be read`);

  const store = createStore();
  const ofSource: SourceProblem[] = [];
  const source = new DirectorySource(directory, { validate: validateObject });
  try {
    await source.start({
      apply: (changes) => void store.apply(changes),
      problems: (problems) => void ofSource.splice(0, Infinity, ...problems),
    });
    const snapshot = store.snapshot();
    const translation = translate(snapshot, ofDirectory);
    const place = (ref: ObjectRef, path: string) => source.placeOf(ref, path);
    const timed = atThisTime(translation, snapshot);
    return { ...timed, snapshot, scope, problems: [...ofSource, ...placed(translation.statuses, place)] };
  } finally {
    await source.close();
  }
}

/** With what statuses say of keys that begin and expire, which translation leaves to whoever knows the time. */
function atThisTime(translation: Translation, snapshot: Snapshot): Translation {
  const now = Date.now();
  const statuses = translation.statuses.map((status) => {
    const { kind, namespace, name } = status.ref;
    const apiKey = kind === 'APIKey' ? snapshot.get('APIKey', namespace, name) : undefined;
    return apiKey === undefined ? status : keyStatusAt(status, apiKey, now);
  });
  return { ...translation, statuses };
}

/** Whether a problem is told: of documents that are no objects always. */
export function isTold({ object }: PlacedProblem, scope: Scope): boolean {
  const [, namespace = ''] = object.split('/');
  return scope.includes(namespace);
}

type PlaceOf = (ref: ObjectRef, path: string) => { readonly file: string; readonly line: number } | undefined;

function placed(statuses: readonly ObjectStatus[], place: PlaceOf): PlacedProblem[] {
  return statuses.flatMap(({ ref, problems }) =>
    problems.map((problem) => statusProblem(ref, problem, place(ref, problem.path))),
  );
}
