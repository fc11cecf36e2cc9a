/** A collection of the API server, a page at a time: one answer with everything would be tens of megabytes. */
import type { KubeApi, KubeRequest } from './api.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** Of the whole list, the same on every page: where a watch goes on. */
  readonly resourceVersion: string;
}

const PageSize = '500';

/** @throws KubeError; 410 if the list took so long that its snapshot is gone */
export async function* listPages<T>(
  api: KubeApi,
  request: Omit<KubeRequest, 'method' | 'body'>,
): AsyncGenerator<Page<T>> {
  let next = '';
  do {
    const query = { ...request.query, limit: PageSize, ...(next !== '' && { continue: next }) };
    const { metadata, items } = (await api.send({ ...request, method: 'GET', query })) as {
      readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
      readonly items?: readonly T[] | null;
    };
    yield { items: items ?? [], resourceVersion: metadata?.resourceVersion ?? '' };
    next = metadata?.continue ?? '';
  } while (next !== '');
}
