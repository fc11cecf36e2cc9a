/** An immutable view of every object: what translate reads. An object is the same instance as in the snapshot before unless it changed: translate memoises by it. */
import type { Kind, ObjectOf } from '../api/kinds.ts';

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
