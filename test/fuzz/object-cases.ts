/** The manifests that part `objects` begins with: the examples, and every golden case of translate. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../pkg/api/object.ts';
import { validateObject } from '../../pkg/api/validate.ts';
import { goldenOptions, readCase } from '../../pkg/testkit/golden.ts';
import type { TranslateOptions } from '../../pkg/translate/translation.ts';
import type { Donor } from './object-mutation.ts';

export interface ObjectCase {
  readonly name: string;
  readonly options: TranslateOptions;
  /** As written. */
  readonly raw: readonly object[];
  /** Validated, in the same order. */
  readonly objects: readonly KubeObject[];
}

const root = fileURLToPath(new URL('../../', import.meta.url));

export function readCases(): readonly ObjectCase[] {
  const golden = files('pkg/translate/testdata', '.in.yaml').map((file) => {
    const { options } = readCase(readFileSync(file, 'utf8'));
    // Addresses of a pool stay with whom they were given to: the order of runs would matter.
    return caseOf(file, { ...options, addresses: [] });
  });
  const routes = caseOf(`${root}pkg/api/testdata/httproutes.yaml`, goldenOptions);
  const examples = readdirSync(`${root}examples`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const parts = files(`examples/${name}`, '.yaml').map((file) => caseOf(file, goldenOptions));
      const options = { ...goldenOptions, directoryMode: true, allowLoopbackEndpoints: true };
      return { name, options, raw: parts.flatMap(({ raw }) => raw), objects: parts.flatMap(({ objects }) => objects) };
    });
  return [...golden, ...examples, routes].filter(({ objects }) => objects.length > 0);
}

/** Every value of every manifest, under its key. */
export function donorsOf(cases: readonly ObjectCase[]): readonly Donor[] {
  const found = new Map<string, Donor>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, child] of Object.entries(value)) {
      found.set(`${key} ${JSON.stringify(child)}`, { key, value: child });
      visit(child);
    }
  };
  for (const { raw } of cases) for (const object of raw) visit(object);
  return [...found.values()];
}

function files(folder: string, end: string): string[] {
  return readdirSync(`${root}${folder}`)
    .filter((file) => file.endsWith(end))
    .sort()
    .map((file) => `${root}${folder}/${file}`);
}

function caseOf(file: string, options: TranslateOptions): ObjectCase {
  const raw: object[] = [];
  const objects: KubeObject[] = [];
  for (const document of parseAllDocuments(readFileSync(file, 'utf8'), { version: '1.1' })) {
    const value: unknown = document.toJS();
    const result = validateObject(value);
    if (!('object' in result)) continue;
    raw.push(value as object);
    objects.push(result.object);
  }
  return { name: file.slice(root.length), options, raw, objects };
}
