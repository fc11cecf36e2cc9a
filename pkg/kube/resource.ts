/** Where objects of a kind stand at the API server, and which of its versions is served. */
import { KINDS, type Kind, type KindFacts } from '../api/kinds.ts';
import type { ObjectRef } from '../api/object.ts';
import { type KubeApi, KubeError } from './api.ts';

export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

/** `/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes`; `namespace` is `''` for all of them and for cluster-scoped kinds. */
export function collectionPath({ group, version, plural }: Resource, namespace = ''): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return namespace === '' ? `${root}/${plural}` : `${root}/namespaces/${namespace}/${plural}`;
}

export function objectPath(resource: Resource, { namespace, name }: Pick<ObjectRef, 'namespace' | 'name'>): string {
  return `${collectionPath(resource, namespace)}/${name}`;
}

/** The newest version of a kind that is known and served; undefined while its CRD is missing. @throws KubeError if the server cannot say */
export async function findResource(api: KubeApi, kind: Kind, signal?: AbortSignal): Promise<Resource | undefined> {
  const { group, versions, plural }: KindFacts = KINDS[kind];
  // The server's own groups are always there.
  if (group === '') return { group, version: versions[0], plural };
  for (const version of versions) {
    const request = { method: 'GET', path: `/apis/${group}/${version}`, ...(signal && { signal }) } as const;
    const resources = await api.send(request).catch((error: unknown) => {
      if (error instanceof KubeError && error.code === 404) return undefined;
      throw error;
    });
    const list = (resources as { readonly resources?: readonly { readonly name: string }[] } | undefined)?.resources;
    if (list?.some(({ name }) => name === plural) === true) return { group, version, plural };
  }
  return undefined;
}
