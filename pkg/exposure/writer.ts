/** Brings Services and EndpointSlices to what is wanted: knows what stands, writes what differs, tells why something could not be written. Used by exposure.ts. */
import { type KubeApi, KubeError } from '../kube/api.ts';
import { listPages } from '../kube/pages.ts';
import { ManagedBy, ManagedByLabel } from '../translate/gateway-service.ts';
import type { Applied } from './objects.ts';

/** An object as the API server has it. */
export interface Standing {
  readonly kind: Applied['kind'];
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly ports?: readonly { readonly port: number; readonly targetPort?: number | string }[] };
}

const Manager = 'suuupra-gateway';
const prefixes = { Service: '/api/v1', EndpointSlice: '/apis/discovery.k8s.io/v1' } as const;
const plurals = { Service: 'services', EndpointSlice: 'endpointslices' } as const;

export class Writer {
  /** Ours, by path. Of a Service also its ports. */
  readonly standing = new Map<string, Standing>();
  readonly #api: KubeApi;
  readonly #namespaces: readonly string[];
  /** What was applied last, by path. */
  readonly #applied = new Map<string, string>();
  readonly #signal: AbortSignal;

  /** @param namespaces that may be written in; none: all of them */
  constructor(api: KubeApi, namespaces: readonly string[], signal: AbortSignal) {
    this.#api = api;
    this.#namespaces = namespaces;
    this.#signal = signal;
  }

  /** Reads what stands; what somebody else changed or deleted is applied again next time. @throws KubeError */
  async read(): Promise<void> {
    const former = new Map(this.standing);
    this.standing.clear();
    for (const kind of ['Service', 'EndpointSlice'] as const) {
      const places = this.#namespaces.length === 0 ? [''] : this.#namespaces.map((each) => `/namespaces/${each}`);
      for (const place of places) await this.#list(kind, `${prefixes[kind]}${place}/${plurals[kind]}`);
    }
    for (const [path, { metadata }] of former) {
      if (this.standing.get(path)?.metadata.resourceVersion !== metadata.resourceVersion) this.#applied.delete(path);
    }
  }

  /** @returns whether something was written; @throws KubeError, and a NotOursError if somebody else's object has the name */
  async apply(object: Applied): Promise<boolean> {
    const path = pathOf(object.kind, object.metadata);
    const text = JSON.stringify(object);
    if (this.#applied.get(path) === text) return false;
    if (!this.standing.has(path)) await this.#claim(path);
    const query = { fieldManager: Manager, force: 'true' };
    const request = { method: 'PATCH', path, query, body: object, signal: this.#signal } as const;
    const stands = (await this.#api.send({ ...request, contentType: 'application/apply-patch+yaml' })) as Standing;
    this.standing.set(path, { ...stands, kind: object.kind });
    this.#applied.set(path, text);
    return true;
  }

  /** Nothing happens if it is gone already, or has become another object. @throws KubeError */
  async remove(path: string): Promise<void> {
    const stands = this.standing.get(path);
    if (stands === undefined) return;
    // Deleted only as it was seen, that is: with our label.
    const { uid, resourceVersion } = stands.metadata;
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } };
    try {
      await this.#api.send({ method: 'DELETE', path, body, signal: this.#signal });
    } catch (error) {
      if (!(error instanceof KubeError) || error.code !== 404) {
        // A Conflict says that it changed: what it is now is not known.
        if (error instanceof KubeError && error.code === 409) await this.refresh(path);
        throw error;
      }
    }
    this.forget(path);
  }

  /** What is known of it is not true any more: somebody deleted it. */
  forget(path: string): void {
    this.standing.delete(path);
    this.#applied.delete(path);
  }

  /** Somebody wrote it: the next apply is not left out. */
  touch(path: string): void {
    this.#applied.delete(path);
  }

  /** @throws KubeError */
  async refresh(path: string): Promise<void> {
    const former = this.standing.get(path);
    const now = (await this.#api.send({ method: 'GET', path, signal: this.#signal })) as Standing;
    if (former !== undefined && isOurs(now)) this.standing.set(path, { ...now, kind: former.kind });
    else this.forget(path);
  }

  async #list(kind: Applied['kind'], path: string): Promise<void> {
    const query = { labelSelector: `${ManagedByLabel}=${ManagedBy}` };
    for await (const { items } of listPages<Standing>(this.#api, { path, query, signal: this.#signal })) {
      for (const item of items) this.standing.set(pathOf(kind, item.metadata), { ...item, kind });
    }
  }

  /** An apply would merge into whatever has the name. */
  async #claim(path: string): Promise<void> {
    try {
      const found = (await this.#api.send({ method: 'GET', path, signal: this.#signal })) as Standing;
      if (!isOurs(found)) throw new NotOursError(path);
    } catch (error) {
      if (!(error instanceof KubeError) || error.code !== 404) throw error;
    }
  }
}

/** The name belongs to an object without our label. */
export class NotOursError extends Error {
  override readonly name = 'NotOursError';

  constructor(path: string) {
    super(
      `${path.slice(path.lastIndexOf('/') + 1)} exists and is not the gateway's (label ${ManagedByLabel}: ${ManagedBy})`,
    );
  }
}

export function pathOf(
  kind: Applied['kind'],
  { namespace, name }: { readonly namespace: string; readonly name: string },
): string {
  return `${prefixes[kind]}/namespaces/${namespace}/${plurals[kind]}/${name}`;
}

function isOurs({ metadata }: Standing): boolean {
  return metadata.labels?.[ManagedByLabel] === ManagedBy;
}
