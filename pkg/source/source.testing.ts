/** What the tests of this room share: a lenient validator, a sink that remembers, and waiting for conditions. */
import type { KubeObject } from '../api/object.ts';
import type { Validate } from './manifest.ts';
import type { Change, SourceProblem, SourceSink } from './source.ts';

/** Accepts every object with a kind and a name; kind Deployment is foreign, and a value `invalid` has `stand-in` in its place. */
export const validate: Validate = (raw) => {
  const object = raw as { kind?: string; metadata?: { name?: unknown } };
  if (object.kind === 'Deployment') return { ignored: 'Deployment is not read by the gateway' };
  if (typeof object.metadata?.name !== 'string') {
    return { problems: [{ path: 'metadata.name', message: 'is required', hint: 'add a name' }] };
  }
  const defaults = { namespace: 'default', labels: {}, annotations: {}, generation: 1 };
  const valid = { ...object, metadata: { ...defaults, ...object.metadata } } as KubeObject & {
    readonly spec?: unknown;
  };
  if ((valid.spec as { readonly value?: unknown } | undefined)?.value !== 'invalid') return { object: valid };
  return {
    problems: [{ path: 'spec.value', message: 'is invalid', hint: '' }],
    standIn: { ...valid, spec: { value: 'stand-in' } } as KubeObject,
  };
};

export function manifest(name: string, value: string | number = 'a', kind = 'ConfigMap'): string {
  return `apiVersion: v1\nkind: ${kind}\nmetadata:\n  name: ${name}\nspec:\n  value: ${value}\n`;
}

/** The state as a store would have it, without the implied namespaces. */
export class MemorySink implements SourceSink {
  readonly batches: (readonly Change[])[] = [];
  readonly objects = new Map<string, KubeObject>();
  standing: readonly SourceProblem[] = [];

  apply(changes: readonly Change[]): void {
    this.batches.push(changes);
    for (const change of changes) {
      if (change.kind === 'upsert')
        this.objects.set(`${change.object.kind}/${change.object.metadata.name}`, change.object);
      else this.objects.delete(`${change.ref.kind}/${change.ref.name}`);
    }
  }

  problems(problems: readonly SourceProblem[]): void {
    this.standing = problems;
  }

  /** `name=value` of every ConfigMap, sorted. */
  get values(): string {
    return [...this.objects.values()]
      .filter((object) => object.kind === 'ConfigMap')
      .map((object) => `${object.metadata.name}=${String((object as { spec?: { value?: unknown } }).spec?.value)}`)
      .sort()
      .join(' ');
  }
}

/** Resolves once `holds` does; the test's own timeout ends what never comes true. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}
