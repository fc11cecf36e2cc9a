/** Kubernetes objects as plain JSON, the way the API server sends them. */

export interface Metadata {
  readonly name: string;
  /** `''` for cluster-scoped kinds. */
  readonly namespace: string;
  /** Counts changes of spec; 1 where the source does not count. */
  readonly generation: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339; absent in a directory. */
  readonly creationTimestamp?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
}

/** What is known of an object that is not valid. */
export interface RefusedObject {
  readonly apiVersion: string;
  readonly metadata: Metadata;
  /** The fields of its spec that say whose it is, as they were sent: nothing about them is checked. */
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface ObjectRef {
  /** `''` for the core group. */
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** `Kind/namespace/name`: how objects are keyed and how messages name them. Kinds we read are unique without their group. */
export function objectId(ref: { readonly kind: string; readonly namespace: string; readonly name: string }): string {
  return ref.namespace === '' ? `${ref.kind}/${ref.name}` : `${ref.kind}/${ref.namespace}/${ref.name}`;
}

export function refOf(object: KubeObject): ObjectRef {
  const slash = object.apiVersion.indexOf('/');
  return {
    group: slash < 0 ? '' : object.apiVersion.slice(0, slash),
    kind: object.kind,
    namespace: object.metadata.namespace,
    name: object.metadata.name,
  };
}
