/** Paths of the Kubernetes API. Used by `apiserver.ts`. */

export interface Target {
  /** Of Collections: `gateway.networking.k8s.io/v1/httproutes`, `v1/services`. */
  readonly key: string;
  readonly namespace: string;
  /** `''`: the collection. */
  readonly name: string;
  /** `''` or `status`. */
  readonly subresource: string;
}

/** By group, version and plural. */
export type Collections = Readonly<
  Record<string, { readonly kind: string; readonly apiVersion: string; readonly namespaced: boolean }>
>;

/** Undefined if it is none. `/api/v1/namespaces/shop` is a Namespace, `/api/v1/namespaces/shop/services` a collection in it. */
export function parsePath(path: string): Target | undefined {
  const match = /^\/(?:api\/(v\d+)|apis\/([^/]+\/[^/]+))\/(.+)$/.exec(path);
  if (match === null) return undefined;
  const version = match[1] ?? match[2] ?? '';
  const parts = (match[3] ?? '').split('/');
  const inNamespace = parts[0] === 'namespaces' && parts.length > 2 && parts[2] !== 'status';
  const namespace = inNamespace ? (parts[1] ?? '') : '';
  const [plural = '', name = '', subresource = ''] = inNamespace ? parts.slice(2) : parts;
  return { key: `${version}/${plural}`, namespace, name, subresource };
}
