/** Whether a kind's CRD is gone or being deleted, which takes all its objects along. Asked by the mass-delete hold. */
import { KINDS, type Kind } from '../api/kinds.ts';
import { type KubeApi, KubeError } from './api.ts';

/** False if the API server does not say: then what is deleted counts as deleted by hand. */
export async function isLeaving(api: KubeApi, kind: Kind, signal: AbortSignal): Promise<boolean> {
  const { group, plural } = KINDS[kind];
  try {
    const crd = (await api.send({
      method: 'GET',
      path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${group}`,
      // Metadata alone: a CRD is large.
      accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
      signal,
    })) as { readonly metadata?: { readonly deletionTimestamp?: string } };
    return crd.metadata?.deletionTimestamp !== undefined;
  } catch (error) {
    return error instanceof KubeError && error.code === 404;
  }
}
