/** Namespaces that nobody wrote down: a directory implies every namespace it uses. Used by `catalogue.ts` and `registry.ts`. */
import type { KubeObject } from '../api/object.ts';

/** The namespace in an id `Kind/namespace/name`; none for cluster-scoped `Kind/name`. */
export function namespacesOf(id: string): string[] {
  const parts = id.split('/');
  return parts.length === 3 && parts[1] !== undefined ? [parts[1]] : [];
}

/**
 * The Namespace as a cluster would have it.
 * "The Kubernetes control plane sets an immutable label kubernetes.io/metadata.name on all namespaces. The value of the label is
 * the namespace name." (Kubernetes documentation, Namespaces, Automatic labelling)
 */
export function namespaceObject(name: string, stated: KubeObject | undefined): KubeObject {
  const labels = { ...stated?.metadata.labels, 'kubernetes.io/metadata.name': name };
  if (stated !== undefined) return { ...stated, metadata: { ...stated.metadata, labels } };
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, namespace: '', generation: 1, labels, annotations: {} },
  };
}
