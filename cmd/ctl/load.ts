/** A directory of manifests, read once and translated as the gateway would. Used by every command that takes DIR. */
import { stat } from 'node:fs/promises';
import type { ObjectRef } from '../../pkg/api/object.ts';
import { validateObject } from '../../pkg/api/validate.ts';
import { DirectorySource } from '../../pkg/source/directory.ts';
import type { SourceProblem } from '../../pkg/source/source.ts';
import { statusProblem } from '../../pkg/status/line.ts';
import type { PlacedProblem } from '../../pkg/status/problem.ts';
import type { ObjectStatus } from '../../pkg/status/status.ts';
import type { Snapshot } from '../../pkg/store/snapshot.ts';
import { createStore } from '../../pkg/store/store.ts';
import { translate } from '../../pkg/translate/translate.ts';
import type { TranslateOptions, Translation } from '../../pkg/translate/translation.ts';
import { UsageError } from './command.ts';

export interface Loaded extends Translation {
  readonly snapshot: Snapshot;
  /** Of documents first, then of objects; each with its place. */
  readonly problems: readonly PlacedProblem[];
}

/** What `gateway --directory` has when nothing else is said. */
const options: TranslateOptions = {
  addresses: [],
  portMap: {},
  allowLoopbackEndpoints: true,
  directoryMode: true,
  unbound: {},
};

export async function load(directory: string): Promise<Loaded> {
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
    const translation = translate(snapshot, options);
    const place = (ref: ObjectRef, path: string) => source.placeOf(ref, path);
    return { ...translation, snapshot, problems: [...ofSource, ...placed(translation.statuses, place)] };
  } finally {
    await source.close();
  }
}

type Place = (ref: ObjectRef, path: string) => { readonly file: string; readonly line: number } | undefined;

function placed(statuses: readonly ObjectStatus[], place: Place): PlacedProblem[] {
  return statuses.flatMap(({ ref, problems }) =>
    problems.map((problem) => statusProblem(ref, problem, place(ref, problem.path))),
  );
}
