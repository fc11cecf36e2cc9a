/** One object at the API server: what stands there, and a status written onto it. Used by `writer.ts`. */
import { isKind, KINDS, type Kind } from '../api/kinds.ts';
import type { ObjectRef } from '../api/object.ts';
import { type KubeApi, KubeError } from '../kube/api.ts';
import { listPages } from '../kube/pages.ts';
import { collectionPath, findResource, objectPath, type Resource } from '../kube/resource.ts';
import { mergeStatus } from './merge.ts';
import { stampStatus } from './stamp.ts';

type Json = Readonly<Record<string, unknown>>;

/** As the API server sends it. */
export interface Standing {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
  };
  readonly status?: Json;
}

export class Targets {
  readonly #api: KubeApi;
  readonly #controller: string;
  readonly #now: () => Date;
  readonly #resources = new Map<string, Resource>();

  /** @param controller our `controllerName` in statuses that several controllers share */
  constructor(api: KubeApi, controller: string, now: () => Date) {
    this.#api = api;
    this.#controller = controller;
    this.#now = now;
  }

  /** Undefined if it is gone, or its kind is. @throws KubeError */
  async read(ref: ObjectRef, signal: AbortSignal): Promise<Standing | undefined> {
    const path = await this.#pathOf(ref, signal);
    if (path === undefined) return undefined;
    try {
      return (await this.#api.send({ method: 'GET', path, signal })) as Standing;
    } catch (error) {
      if (!(error instanceof KubeError) || error.code !== 404) throw error;
      // Perhaps another version is served now.
      this.#resources.delete(ref.kind);
      return undefined;
    }
  }

  /** Every object of a kind, a page at a time; `namespace` `''`: in all of them. @throws KubeError */
  async *list(kind: Kind, namespace: string, signal: AbortSignal): AsyncGenerator<readonly Standing[]> {
    const resource = await this.#resourceOf(kind, signal);
    if (resource === undefined) return;
    const request = { path: collectionPath(resource, namespace), signal };
    for await (const { items } of listPages<Standing>(this.#api, request)) yield items;
  }

  /** The whole stanza that is to stand and the patch for it; undefined if it stands. */
  merge(standing: Standing, ours: Json): { readonly status: Json; readonly patch: Json } | undefined {
    const time = `${this.#now().toISOString().slice(0, 19)}Z`;
    return mergeStatus(standing.status, stampStatus(ours, standing.status, time), this.#controller);
  }

  /** Only onto what was read: @throws KubeError (409) if somebody wrote in between */
  async write(ref: ObjectRef, { metadata }: Standing, patch: Json, signal: AbortSignal): Promise<void> {
    const path = await this.#pathOf(ref, signal);
    if (path === undefined) return;
    await this.#api.send({
      method: 'PATCH',
      path: `${path}/status`,
      query: { fieldManager: 'suuupra-gateway' },
      contentType: 'application/merge-patch+json',
      body: { metadata: { resourceVersion: metadata.resourceVersion }, status: patch },
      signal,
    });
  }

  async #pathOf(ref: ObjectRef, signal: AbortSignal): Promise<string | undefined> {
    if (!isKind(ref.kind)) return undefined;
    const resource = await this.#resourceOf(ref.kind, signal);
    return resource && objectPath(resource, KINDS[ref.kind].namespaced ? ref : { ...ref, namespace: '' });
  }

  async #resourceOf(kind: Kind, signal: AbortSignal): Promise<Resource | undefined> {
    const resource = this.#resources.get(kind) ?? (await findResource(this.#api, kind, signal));
    if (resource !== undefined) this.#resources.set(kind, resource);
    return resource;
  }
}
