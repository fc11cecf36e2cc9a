/** An immutable view of every object: what translate reads. */
import type { Kind, ObjectOf } from '../api/kinds.ts';
import type { KubeObject } from '../api/object.ts';

export interface Snapshot {
  /** Grows with every change. */
  readonly version: number;
  /** Sorted by namespace, then name. */
  list<K extends Kind>(kind: K): readonly ObjectOf<K>[];
  /** `namespace` is `''` for cluster-scoped kinds. */
  get<K extends Kind>(kind: K, namespace: string, name: string): ObjectOf<K> | undefined;
  /** EndpointSlices of a Service, by their `kubernetes.io/service-name` label, sorted by name. */
  slicesOf(namespace: string, service: string): readonly ObjectOf<'EndpointSlice'>[];
}

/** Objects of one snapshot are the same instance as in the one before unless they changed: translate memoises by identity. */
export type { KubeObject };
