/** helm on this machine, with its files in a folder of its own, and what it renders as objects. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { helmBinary } from '../cluster/helm.ts';
import { root } from '../place.ts';

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [key: string]: unknown;
}

export interface Helm {
  /** @returns what `helm lint --strict` complains of, or '' */
  lint(chart: string): string;
  /** The objects that the chart gives with these values, or helm's message. */
  template(chart: string, values: object): { readonly objects: readonly KubeObject[] } | { readonly error: string };
  close(): void;
}

/** Not those of the release that scenarios install: a dry run would run into its fields that cannot be changed. */
export const TestNamespace = 'suuupra-helm-test';
export const TestRelease = 'probe';

export function startHelm(): Helm {
  const folder = mkdtempSync(join(tmpdir(), 'helm-'));
  const env = { ...process.env, HELM_CACHE_HOME: folder, HELM_CONFIG_HOME: folder, HELM_DATA_HOME: folder };
  const helm = (...args: string[]) =>
    spawnSync(helmBinary(), args, { env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const folderOf = (chart: string) => join(root, 'charts', chart);
  return {
    lint(chart) {
      const { status, stdout, stderr } = helm('lint', '--strict', folderOf(chart));
      return status === 0 ? '' : `${stdout}${stderr}`;
    },
    template(chart, values) {
      const file = join(folder, 'values.json');
      writeFileSync(file, JSON.stringify(values));
      const { status, stdout, stderr } = helm(
        'template',
        TestRelease,
        folderOf(chart),
        '-n',
        TestNamespace,
        '-f',
        file,
      );
      if (status !== 0) return { error: stderr };
      const documents = parseAllDocuments(stdout).map(
        (document) => document.toJS({ maxAliasCount: -1 }) as KubeObject | null,
      );
      return { objects: documents.filter((object) => object !== null) };
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
