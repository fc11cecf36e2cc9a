import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../api/object.ts';
import { ObservingSource } from './observe.ts';
import type { Change, SourceSink } from './source.ts';

const options = { classes: ['nginx'], controllerName: 'ours', ingressControllerName: 'ours-too' };
const object = (kind: string, name: string, spec: object): KubeObject =>
  ({
    apiVersion: 'v1',
    kind,
    metadata: { name, namespace: '', generation: 1, labels: {}, annotations: {} },
    spec,
  }) as KubeObject;
const upsert = (...of: Parameters<typeof object>): Change => ({ kind: 'upsert', object: object(...of) });

/** What the store is given for these batches. */
async function taken(...batches: readonly (readonly Change[])[]): Promise<readonly (readonly unknown[])[]> {
  const given: unknown[][] = [];
  let inner: SourceSink | undefined;
  const source = new ObservingSource(
    {
      start: (sink) => {
        inner = sink;
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    },
    options,
  );
  await source.start({ apply: (changes) => void given.push([...changes]), problems: () => undefined });
  for (const batch of batches) inner?.apply(batch);
  await source.close();
  return given.map((changes) => changes.map((change) => specOf(change as Change)));
}

function specOf(change: Change): unknown {
  if (change.kind === 'remove') return { removed: change.ref.name };
  return { name: change.object.metadata.name, ...(change.object as KubeObject & { readonly spec: object }).spec };
}

describe('classes', () => {
  test('that are named become ours, without parameters that are not', async () => {
    const foreign = { apiGroup: 'k8s.nginx.org', kind: 'P', name: 'x' };
    const own = { group: 'gateway.suuupra.io', kind: 'GatewayClassConfig', name: 'x', namespace: 'y' };
    const batch = [
      upsert('IngressClass', 'nginx', { controller: 'k8s.io/ingress-nginx', parameters: foreign }),
      upsert('GatewayClass', 'nginx', { controllerName: 'nginx.org/x', parametersRef: own }),
    ];
    expect(await taken(batch)).toEqual([
      [
        { name: 'nginx', controller: 'ours-too' },
        { name: 'nginx', controllerName: 'ours', parametersRef: own },
      ],
    ]);
  });

  test('that are not named are nobody of ours', async () => {
    const batch = [
      upsert('IngressClass', 'nginx', { controller: 'x' }),
      upsert('IngressClass', 'suuupra', { controller: 'ours-too' }),
      upsert('GatewayClass', 'suuupra', { controllerName: 'ours' }),
      upsert('GatewayClass', 'other', { controllerName: 'x' }),
    ];
    expect(await taken(batch)).toEqual([
      [
        { name: 'nginx', controller: 'ours-too' },
        { name: 'suuupra', controller: 'gateway.suuupra.io/not-observed' },
        { name: 'suuupra', controllerName: 'gateway.suuupra.io/not-observed' },
        { name: 'other', controllerName: 'x' },
      ],
    ]);
  });

  test('without an IngressClass are assumed, and again when it goes', async () => {
    const ref = { group: 'networking.k8s.io', kind: 'IngressClass', namespace: '', name: 'nginx' };
    const assumed = { name: 'nginx', controller: 'ours-too' };
    expect(await taken([upsert('Ingress', 'a', {})], [upsert('Ingress', 'b', {})])).toEqual([
      [assumed, { name: 'a' }],
      [{ name: 'b' }],
    ]);
    const present = [upsert('IngressClass', 'nginx', { controller: 'x' })];
    expect(await taken(present, [{ kind: 'remove', ref }])).toEqual([[assumed], [assumed]]);
  });
});
