/**
 * Statuses at the API server: one write for each object and change, by the leader alone, repeated until it holds. Reads the object first:
 * what stands there has the times of its conditions, other controllers' entries, and the generation, which must be the one that was translated.
 */
import { KINDS, isKind } from '../api/kinds.ts';
import { objectId, type ObjectRef } from '../api/object.ts';
import { KubeError, type KubeApi } from '../kube/api.ts';
import { Backoff } from '../kube/backoff.ts';
import type { Leadership } from '../kube/lease.ts';
import { findResource, objectPath, type Resource } from '../kube/resource.ts';
import type { Clock } from '../store/clock.ts';
import { mergeStatus } from './merge.ts';
import type { StatusSink } from './sink.ts';
import { stampStatus } from './stamp.ts';
import type { ObjectStatus } from './status.ts';

export interface StatusWriterOptions {
  readonly api: KubeApi;
  readonly leadership: Leadership;
  /** Our `controllerName` in statuses that several controllers share. */
  readonly controller: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly now: () => Date;
  /** It is tried again after `delay` ms. */
  readonly onError: (object: string, error: KubeError, delay: number) => void;
}

export interface StatusWriter extends StatusSink {
  /** Resolves once what is being written is written. */
  close(): Promise<void>;
}

/** Kinds with a `status` subresource that we write. */
const WITH_STATUS: ReadonlySet<string> = new Set([
  'GatewayClass',
  'Gateway',
  'ListenerSet',
  'HTTPRoute',
  'Ingress',
  'GatewayRoute',
  'Backend',
  'GatewayClassConfig',
]);
/** Written at once. */
const Writers = 8;
/** ms */
const Retry = { first: 200, longest: 30_000 };

interface Task {
  readonly status: ObjectStatus;
  readonly backoff: Backoff;
}

export function createStatusWriter(options: StatusWriterOptions): StatusWriter {
  const { api, leadership, controller, clock, random, now, onError } = options;
  const life = new AbortController();
  /** What is published, by object; what of it holds at the API server as far as this pod knows. */
  let wanted = new Map<string, ObjectStatus>();
  const held = new Map<string, ObjectStatus>();
  const waiting = new Map<string, Task>();
  const resources = new Map<string, Resource>();
  let writers = 0;
  const idle = new Set<() => void>();

  const enqueue = (id: string, task: Task) => {
    waiting.set(id, task);
    work();
  };
  const consider = () => {
    for (const [id, status] of wanted) {
      if (held.get(id) === status || waiting.get(id)?.status === status) continue;
      enqueue(id, { status, backoff: new Backoff(Retry.first, Retry.longest, random) });
    }
  };
  // A new leader does not know what the former wrote: it looks at everything once.
  leadership.onChange(() => {
    held.clear();
    waiting.clear();
    if (leadership.leading()) consider();
  });

  const work = () => {
    while (writers < Writers && waiting.size > 0 && leadership.leading() && !life.signal.aborted) {
      const next = waiting.entries().next();
      if (next.done === true) return;
      const [id, task] = next.value;
      waiting.delete(id);
      writers++;
      void attempt(id, task).finally(() => {
        writers--;
        work();
        if (writers === 0) for (const resolve of idle) resolve();
      });
    }
  };

  const attempt = async (id: string, { status, backoff }: Task): Promise<void> => {
    try {
      await write(status);
      held.set(id, status);
    } catch (error) {
      const failure = error instanceof KubeError ? error : new KubeError(String(error), { code: 0 });
      if (failure.code === 404) resources.delete(status.ref.kind);
      const delay = Math.max(backoff.next(), failure.retryAfter * 1000);
      // Somebody wrote in between: looking again is all it takes.
      if (failure.code !== 409) onError(id, failure, delay);
      clock.after(delay, () => {
        if (wanted.get(id) === status && !waiting.has(id)) enqueue(id, { status, backoff });
      });
    }
  };

  const write = async ({ ref, generation, status: ours }: ObjectStatus): Promise<void> => {
    const path = await pathOf(ref);
    if (path === undefined) return;
    const object = await read(path);
    // Gone: nobody is left to be told. Another generation: its own translation follows.
    if (object === undefined || (object.metadata.generation ?? generation) !== generation) return;
    const stamped = stampStatus(ours, object.status, `${now().toISOString().slice(0, 19)}Z`);
    const status = mergeStatus(object.status, stamped, controller);
    if (status === undefined) return;
    await api.send({
      method: 'PATCH',
      path: `${path}/status`,
      query: { fieldManager: 'suuupra-gateway' },
      contentType: 'application/merge-patch+json',
      body: { metadata: { resourceVersion: object.metadata.resourceVersion }, status },
      signal: life.signal,
    });
  };

  const pathOf = async (ref: ObjectRef): Promise<string | undefined> => {
    if (!isKind(ref.kind)) return undefined;
    const resource = resources.get(ref.kind) ?? (await findResource(api, ref.kind, life.signal));
    if (resource === undefined) return undefined;
    resources.set(ref.kind, resource);
    return objectPath(resource, KINDS[ref.kind].namespaced ? ref : { ...ref, namespace: '' });
  };

  const read = async (path: string): Promise<Standing | undefined> => {
    try {
      return (await api.send({ method: 'GET', path, signal: life.signal })) as Standing;
    } catch (error) {
      if (error instanceof KubeError && error.code === 404) return undefined;
      throw error;
    }
  };

  return {
    publish(statuses) {
      const next = new Map<string, ObjectStatus>();
      for (const status of statuses) if (WITH_STATUS.has(status.ref.kind)) next.set(objectId(status.ref), status);
      for (const id of wanted.keys()) if (!next.has(id)) held.delete(id);
      wanted = next;
      if (leadership.leading()) consider();
    },
    problems() {},
    async close() {
      waiting.clear();
      const { promise, resolve } = Promise.withResolvers<void>();
      if (writers === 0) resolve();
      idle.add(resolve);
      await promise;
      life.abort();
    },
  };
}

interface Standing {
  readonly metadata: { readonly resourceVersion: string; readonly generation?: number };
  readonly status?: Readonly<Record<string, unknown>>;
}
