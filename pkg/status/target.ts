/** One object at the API server: what stands there, and a status written onto it. Used by `writer.ts`. */
import { isKind, KINDS, type Kind } from '../api/kinds.ts';
import type { ObjectRef } from '../api/object.ts';
import { type KubeApi, KubeError } from '../kube/api.ts';
import { listPages } from '../kube/pages.ts';
import { collectionPath, findResource, objectPath, type Resource } from '../kube/resource.ts';
import { mergeStatus } from './merge.ts';
import { stampStatus } from './stamp.ts';
import type { Standing, Standings } from './standings.ts';

type Json = Readonly<Record<string, unknown>>;

export class Targets {
  readonly #api: KubeApi;
  readonly #controller: string;
  readonly #standings: Standings;
  readonly #now: () => Date;
  readonly #resources = new Map<string, Resource>();

  /** @param controller our `controllerName` in statuses that several controllers share */
  constructor(api: KubeApi, controller: string, standings: Standings, now: () => Date) {
    this.#api = api;
    this.#controller = controller;
    this.#standings = standings;
    this.#now = now;
  }

  /** As it was seen last, without a look; undefined: not yet, or it is gone. */
  known(ref: ObjectRef): Standing | undefined {
    return isKind(ref.kind) ? this.#standings.get(ref.kind, ref) : undefined;
  }

  /** Undefined if it is gone, or its kind is. @throws KubeError */
  async read(ref: ObjectRef, signal: AbortSignal): Promise<Standing | undefined> {
    const path = await this.#pathOf(ref, signal);
    if (path === undefined) return undefined;
    try {
      return this.#note(ref.kind, await this.#api.send({ method: 'GET', path, signal }));
    } catch (error) {
      if (!(error instanceof KubeError) || error.code !== 404) throw error;
      // Perhaps another version is served now.
      this.#resources.delete(ref.kind);
      if (isKind(ref.kind)) this.#standings.forget(ref.kind, ref);
      return undefined;
    }
  }

  /** Every object of a kind, a page at a time; `namespace` `''`: in all of them. @throws KubeError */
  async *list(kind: Kind, namespace: string, signal: AbortSignal): AsyncGenerator<readonly Standing[]> {
    const resource = await this.#resourceOf(kind, signal);
    if (resource === undefined) return;
    const request = { path: collectionPath(resource, namespace), signal };
    for await (const { items } of listPages<Standing>(this.#api, request))
      yield items.map((item) => this.#note(kind, item));
  }

  /** The whole stanza that is to stand and the patch for it; undefined if it stands. */
  merge(standing: Standing, ours: Json): { readonly status: Json; readonly patch: Json } | undefined {
    const time = `${this.#now().toISOString().slice(0, 19)}Z`;
    return mergeStatus(standing.status, stampStatus(ours, standing.status, time), this.#controller);
  }

  /** Only onto what is given: @throws KubeError (409) if somebody has written since, (404) if it is gone */
  async write(ref: ObjectRef, { metadata }: Standing, patch: Json, signal: AbortSignal): Promise<void> {
    const path = await this.#pathOf(ref, signal);
    if (path === undefined) return;
    const { resourceVersion } = metadata;
    const answer = await this.#api.send({
      method: 'PATCH',
      path: `${path}/status`,
      query: { fieldManager: 'suuupra-gateway' },
      contentType: 'application/merge-patch+json',
      body: { metadata: { resourceVersion }, status: patch },
      signal,
    });
    this.#note(ref.kind, answer);
  }

  #note(kind: string, object: unknown): Standing {
    if (isKind(kind)) this.#standings.upsert(kind, object as Json);
    return object as Standing;
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
