/**
 * An API server in memory: lists in pages, watches with bookmarks and an end of history, optimistic concurrency, the status subresource,
 * merge patches, server-side apply (as a merge: no field ownership). Tests may break it in the ways that real ones break.
 */
import { type KubeApi, KubeError, type KubeRequest, type WatchEvent } from '../kube/api.ts';
import { type Collections, parsePath, type Target } from './apiserver-path.ts';

export type Stored = Record<string, unknown> & {
  metadata: Record<string, unknown> & { name: string; namespace?: string; resourceVersion: string };
};

interface Past {
  readonly version: number;
  readonly target: string;
  readonly namespace: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Stored;
}

export class MemoryApiServer implements KubeApi {
  /** What is asked next may fail: return the error to answer with. */
  fault: ((request: KubeRequest) => KubeError | undefined) | undefined;
  /** Every request so far: `GET /api/v1/services`, `WATCH /api/v1/services`. */
  readonly requests: string[] = [];
  /** `gateway.networking.k8s.io/v1/httproutes`; core: `v1/services`. Kinds that are not in it are 404. */
  readonly served: Set<string>;
  readonly #objects = new Map<string, Map<string, Stored>>();
  readonly #collections: Collections;
  readonly #watchers = new Set<() => void>();
  #history: Past[] = [];
  #version = 100;
  /** Watches from before it are 410. */
  #oldest = 100;
  #epoch = 0;
  readonly #now: () => string;

  constructor(collections: Collections, now: () => string = () => '2026-11-25T10:00:00Z') {
    this.#collections = collections;
    this.served = new Set(Object.keys(collections));
    this.#now = now;
  }

  /** Creates or replaces an object as kubectl would; returns it as stored. */
  async apply(object: Readonly<Record<string, unknown>>): Promise<Stored> {
    const target = this.#targetOf(object);
    const body =
      target.namespace === ''
        ? object
        : { ...object, metadata: { ...(object['metadata'] as object), namespace: target.namespace } };
    return this.#write(target, structuredClone(body) as Stored, 'replace');
  }

  async remove(object: Readonly<Record<string, unknown>>): Promise<void> {
    this.#delete(this.#targetOf(object));
  }

  get(key: string, namespace: string, name: string): Stored | undefined {
    return this.#objects.get(key)?.get(`${namespace}/${name}`);
  }

  list(key: string): readonly Stored[] {
    return [...(this.#objects.get(key)?.values() ?? [])];
  }

  /** Forgets the history: watches that resume from before get 410. */
  compact(): void {
    this.#oldest = this.#version;
    this.#history = [];
  }

  /** Ends every watch, as a restart does. */
  disconnect(): void {
    this.#epoch++;
    this.#wake();
  }

  async send(request: KubeRequest): Promise<unknown> {
    this.requests.push(`${request.method} ${request.path}`);
    const fault = this.fault?.(request);
    if (fault !== undefined) throw fault;
    // An answer never comes within the same turn.
    await Promise.resolve();
    const discovered = this.#discover(request.path);
    if (discovered !== undefined) return discovered;
    const target = this.#resolve(request.path);
    const answer = this.#answer(request, target);
    return structuredClone(answer);
  }

  async *watch(request: Omit<KubeRequest, 'method'>): AsyncIterable<WatchEvent> {
    this.requests.push(`WATCH ${request.path}`);
    const fault = this.fault?.({ ...request, method: 'GET', query: { ...request.query, watch: '1' } });
    if (fault !== undefined) throw fault;
    const target = this.#resolve(request.path);
    const { signal, query = {} } = request;
    const epoch = this.#epoch;
    let seen = Number(query['resourceVersion'] ?? 0);
    if (seen < this.#oldest) {
      yield {
        type: 'ERROR',
        object: { kind: 'Status', code: 410, reason: 'Expired', message: `too old resource version: ${seen}` },
      };
      return;
    }
    const goesOn = () => signal?.aborted !== true && epoch === this.#epoch && this.served.has(target.key);
    while (goesOn()) {
      for (const past of this.#history) {
        if (past.version <= seen) continue;
        if (past.target !== target.key || (target.namespace !== '' && past.namespace !== target.namespace)) continue;
        if (!selected(past.object, query['labelSelector'])) continue;
        yield { type: past.type, object: project(past.object, request.accept) };
      }
      seen = this.#version;
      await this.#change(signal);
    }
  }

  async close(): Promise<void> {
    this.disconnect();
  }

  #answer(request: KubeRequest, target: Target): unknown {
    const { method, query = {} } = request;
    const id = `${target.namespace}/${target.name}`;
    const stored = this.#objects.get(target.key)?.get(id);
    if (method === 'GET' && target.name === '') return this.#list(target, query, request.accept);
    if (method === 'POST') {
      const body = structuredClone(request.body) as Stored;
      const created = { ...target, name: body.metadata.name };
      const exists = this.#objects.get(target.key)?.has(`${target.namespace}/${body.metadata.name}`) === true;
      if (exists)
        throw new KubeError(`${target.key} "${body.metadata.name}" already exists`, {
          code: 409,
          reason: 'AlreadyExists',
        });
      return this.#write(created, body, 'replace');
    }
    const isApply = request.contentType === 'application/apply-patch+yaml';
    if (stored === undefined && !(method === 'PATCH' && isApply && target.subresource === '')) {
      throw new KubeError(`${target.key} "${target.name}" not found`, { code: 404, reason: 'NotFound' });
    }
    if (method === 'GET') return project(stored!, request.accept);
    if (method === 'DELETE') return this.#delete(target);
    const body = structuredClone(request.body) as Stored;
    const expected = body.metadata?.resourceVersion;
    if (expected !== undefined && stored !== undefined && expected !== stored.metadata.resourceVersion) {
      const message = `the object has been modified; please apply your changes to the latest version and try again`;
      throw new KubeError(message, { code: 409, reason: 'Conflict' });
    }
    const whole = method === 'PATCH' ? (mergePatch(stored ?? {}, body) as Stored) : body;
    return this.#write(target, whole, target.subresource === 'status' ? 'status' : 'replace');
  }

  #list(target: Target, query: Readonly<Record<string, string>>, accept: string | undefined): unknown {
    const from = Number(query['continue'] ?? 0);
    const size = Number(query['limit'] ?? 0) || Number.POSITIVE_INFINITY;
    const all = this.list(target.key)
      .filter(({ metadata }) => target.namespace === '' || metadata.namespace === target.namespace)
      .filter((object) => selected(object, query['labelSelector']));
    const items = all.slice(from, from + size).map((object) => project(object, accept));
    const more = from + size < all.length ? { continue: String(from + size) } : {};
    return { kind: 'List', metadata: { resourceVersion: String(this.#version), ...more }, items };
  }

  /** Spec and metadata, or status alone: what the other call writes stays as it is. */
  #write(target: Target, body: Stored, part: 'replace' | 'status'): Stored {
    const objects = this.#objects.get(target.key) ?? new Map<string, Stored>();
    this.#objects.set(target.key, objects);
    const id = `${target.namespace}/${target.name}`;
    const former = objects.get(id);
    const { status: given, ...rest } = body;
    const status = part === 'status' ? given : (former?.['status'] ?? (former === undefined ? given : undefined));
    const content = part === 'status' ? { ...former, metadata: former!.metadata } : rest;
    const next = { ...content, ...(status === undefined ? {} : { status }) } as Stored;
    const version = this.#version + 1;
    const generation = Number(former?.metadata['generation'] ?? next.metadata['generation'] ?? 1);
    const changed = JSON.stringify(former?.['spec']) !== JSON.stringify(next['spec']);
    const { kind, apiVersion } = this.#collections[target.key]!;
    next['apiVersion'] = apiVersion;
    next['kind'] = kind;
    next.metadata = {
      creationTimestamp: this.#now(),
      uid: `uid-${version}`,
      ...former?.metadata,
      ...next.metadata,
      name: target.name,
      ...(target.namespace !== '' && { namespace: target.namespace }),
      generation: former !== undefined && changed ? generation + 1 : generation,
      resourceVersion: String(version),
    };
    if (former !== undefined && sameBut(former, next)) return former;
    this.#version = version;
    objects.set(id, next);
    this.#record(target, former === undefined ? 'ADDED' : 'MODIFIED', next);
    return next;
  }

  #delete(target: Target): unknown {
    const objects = this.#objects.get(target.key);
    const id = `${target.namespace}/${target.name}`;
    const former = objects?.get(id);
    if (former === undefined) return null;
    objects?.delete(id);
    this.#version++;
    this.#record(target, 'DELETED', {
      ...former,
      metadata: { ...former.metadata, resourceVersion: String(this.#version) },
    });
    return former;
  }

  #record(target: Target, type: Past['type'], object: Stored): void {
    const { key, namespace } = target;
    this.#history.push({ version: this.#version, target: key, namespace, type, object: structuredClone(object) });
    this.#wake();
  }

  #discover(path: string): unknown {
    const [, version] = /^\/apis\/([^/]+\/[^/]+)$/.exec(path) ?? [];
    if (version === undefined) return undefined;
    const names = [...this.served]
      .filter((key) => key.startsWith(`${version}/`))
      .map((key) => key.slice(version.length + 1));
    if (names.length === 0)
      throw new KubeError('the server could not find the requested resource', { code: 404, reason: 'NotFound' });
    return { kind: 'APIResourceList', resources: names.map((name) => ({ name })) };
  }

  #resolve(path: string): Target {
    const target = parsePath(path);
    if (target !== undefined && this.served.has(target.key)) return target;
    throw new KubeError('the server could not find the requested resource', { code: 404, reason: 'NotFound' });
  }

  #targetOf(object: Readonly<Record<string, unknown>>): Target {
    const found = Object.entries(this.#collections).find(
      ([, { kind, apiVersion }]) => kind === object['kind'] && apiVersion === object['apiVersion'],
    );
    if (found === undefined)
      throw new Error(`this API server has no ${String(object['apiVersion'])} ${String(object['kind'])}`);
    const [key, { namespaced }] = found;
    const { name, namespace } = object['metadata'] as { readonly name: string; readonly namespace?: string };
    return { key, name, namespace: namespaced ? (namespace ?? 'default') : '', subresource: '' };
  }

  async #change(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#watchers.add(resolve);
    signal?.addEventListener('abort', () => resolve(), { once: true });
    await promise;
  }

  #wake(): void {
    for (const watcher of this.#watchers) watcher();
    this.#watchers.clear();
  }
}

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = isMap(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = mergePatch(result[name], value);
  }
  return result;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function selected(object: Stored, selector: string | undefined): boolean {
  if (selector === undefined || selector === '') return true;
  const labels = (object.metadata['labels'] ?? {}) as Readonly<Record<string, string>>;
  return selector.split(',').every((term) => {
    const [name = '', value] = term.split('=');
    return value === undefined ? Object.hasOwn(labels, name) : labels[name] === value;
  });
}

/** Metadata alone, where that is what was asked for. */
function project(object: Stored, accept = ''): Stored {
  if (!accept.includes('PartialObjectMetadata')) return object;
  return { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: object.metadata };
}

/** A write that changes nothing gives no event. */
function sameBut(former: Stored, next: Stored): boolean {
  const text = (object: Stored) => JSON.stringify({ ...object, metadata: { ...object.metadata, resourceVersion: '' } });
  return text(former) === text(next);
}
