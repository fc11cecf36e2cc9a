/**
 * Keeps up with one collection of the API server: a paged list, then a watch that resumes where it ended. Level-based: after anything
 * went wrong it lists again, and whoever listens compares. Used by `source/kube.ts`, once for each kind and namespace.
 */
import type { Clock } from '../store/clock.ts';
import { type KubeApi, KubeError, type WatchEvent } from './api.ts';
import { Backoff } from './backoff.ts';
import { listPages } from './pages.ts';

/** An object as the server sent it. */
export type RawObject = Readonly<Record<string, unknown>>;

export interface ReflectorOptions {
  readonly api: KubeApi;
  /** Path of the collection, asked before each list; undefined: it does not exist (its CRD is missing). @throws KubeError */
  readonly path: (signal: AbortSignal) => Promise<string | undefined>;
  readonly query?: Readonly<Record<string, string>>;
  /** Media types, for metadata alone; default: whole objects. */
  readonly accept?: { readonly list: string; readonly watch: string };
  readonly clock: Clock;
  readonly random: () => number;
  readonly sink: ReflectorSink;
  /** ms until a missing collection is looked for again. Default 3,000. */
  readonly missingPoll?: number;
  /** ms for which a collection that was never listed may be refused before it counts as forbidden. Default 0. */
  readonly forbiddenGrace?: number;
}

export interface ReflectorSink {
  /** Everything there is: what is not in it is gone. `version`: of the list, `''` where there is none. */
  replace(objects: readonly RawObject[], state: 'listed' | 'missing' | 'forbidden', version: string): void;
  upsert(object: RawObject): void;
  remove(object: RawObject): void;
  /** What went wrong, for a log line; it is tried again after `delay` ms. */
  failed(error: KubeError, delay: number): void;
  /** Whatever went wrong is over: a watch has been open for a while, or there is nothing to watch. */
  settled?(): void;
}

/** s after which the server ends a watch: between these, so that not all of them end at once. */
const WatchSeconds = { least: 300, most: 420 };
const FirstDelay = 500;
const LongestDelay = 30_000;
/** ms after which an open watch is one that works. Some proxies end each at once, and would be asked without a pause. */
const Settled = 5_000;
/** ms between watches that were ended too soon: changes are seen by them all the same, and are not to be late. */
const LongestGap = 5_000;
/** ms within which all ask again once the server is back. */
const Spread = 1_000;

/** Runs until `signal` aborts; never throws. */
export async function reflect(options: ReflectorOptions, signal: AbortSignal): Promise<void> {
  const { sink, clock, random, missingPoll = 3_000, forbiddenGrace = 0 } = options;
  const backoff = new Backoff(FirstDelay, LongestDelay, random);
  let version: string | undefined;
  let listed = false;
  let refusedSince: number | undefined;
  // Neither a list nor an event ends a streak of failures: both may come again and again while every watch fails.
  const settle = () => {
    backoff.reset();
    sink.settled?.();
  };
  while (!signal.aborted) {
    try {
      const path = await options.path(signal);
      if (path === undefined) {
        version = undefined;
        listed = false;
        settle();
        sink.replace([], 'missing', '');
        await pause(clock, missingPoll * (0.75 + random() / 2), signal);
        continue;
      }
      if (version === undefined) {
        version = await list(options, path, signal);
        listed = true;
        refusedSince = undefined;
      }
      const opened = clock.now();
      const cancel = clock.after(Settled, settle);
      try {
        await follow(options, path, version, signal, (to) => {
          version = to;
        });
      } finally {
        cancel();
      }
      if (signal.aborted || clock.now() - opened >= Settled) continue;
      const delay = Math.min(backoff.next(), LongestGap);
      // Once is an API server that restarts.
      if (backoff.failures === 1) continue;
      const ms = Math.round(clock.now() - opened);
      // It goes on like this, and is told ever more rarely: after 2, 4, 8, … times.
      if (Number.isInteger(Math.log2(backoff.failures)))
        sink.failed(new KubeError(`the watch was ended after ${ms} ms, as the ones before`, { code: 0 }), delay);
      await pause(clock, delay, signal);
    } catch (error) {
      if (signal.aborted) return;
      const failure = error instanceof KubeError ? error : new KubeError(String(error), { code: 0 });
      // "410 Gone": the history from there on was compacted. 404: the CRD was deleted.
      const expired = failure.code === 410 || failure.reason === 'Expired' || failure.code === 404;
      if (expired) version = undefined;
      if (failure.code === 403) {
        refusedSince ??= clock.now();
        // An API server that has just started refuses everybody until it has read its roles: who was allowed before keeps what it has.
        if (!listed && clock.now() - refusedSince >= forbiddenGrace) sink.replace([], 'forbidden', '');
        version = undefined;
      }
      const delay = Math.max(backoff.next(), failure.retryAfter * 1000);
      // An ended history is nothing to wait for, the first time.
      if (expired && backoff.failures === 1) continue;
      sink.failed(failure, delay);
      if (!(await pause(clock, delay, signal, failure.code === 0 ? options.api : undefined))) continue;
      // The server was away, this collection did not fail. Not every reflector of every pod asks in the same moment.
      backoff.reset();
      await pause(clock, random() * Spread, signal);
    }
  }
}

/** @returns the resourceVersion to watch from */
async function list(
  { api, query, accept, sink }: ReflectorOptions,
  path: string,
  signal: AbortSignal,
): Promise<string> {
  const objects: RawObject[] = [];
  let version = '';
  const request = { path, signal, ...(query && { query }), ...(accept && { accept: accept.list }) };
  for await (const page of listPages<RawObject>(api, request)) {
    objects.push(...page.items);
    version = page.resourceVersion;
  }
  sink.replace(objects, 'listed', version);
  return version;
}

/** Follows one watch to its end; `reached` is told each resourceVersion to go on from. @throws KubeError */
async function follow(
  { api, query, accept, random, sink }: ReflectorOptions,
  path: string,
  from: string,
  signal: AbortSignal,
  reached: (version: string) => void,
): Promise<void> {
  const seconds = WatchSeconds.least + Math.floor(random() * (WatchSeconds.most - WatchSeconds.least));
  const request = {
    path,
    signal,
    query: { ...query, resourceVersion: from, allowWatchBookmarks: 'true', timeoutSeconds: String(seconds) },
    ...(accept !== undefined && { accept: accept.watch }),
  };
  for await (const { type, object } of api.watch(request)) {
    if (type === 'ERROR') throw statusError(object);
    if (type === 'DELETED') sink.remove(object);
    else if (type !== 'BOOKMARK') sink.upsert(object);
    const version = versionOf(object);
    if (version !== undefined) reached(version);
  }
}

function statusError(status: WatchEvent['object']): KubeError {
  const { code, reason, message } = status as {
    readonly code?: number;
    readonly reason?: string;
    readonly message?: string;
  };
  return new KubeError(message ?? 'the watch ended with an error', { code: code ?? 500, reason: reason ?? '' });
}

function versionOf(object: RawObject): string | undefined {
  return (object['metadata'] as { readonly resourceVersion?: string } | undefined)?.resourceVersion;
}

/** Ends early when `signal` aborts, and when the server that is `awaited` answers somebody else. @returns whether that ended it */
async function pause(clock: Clock, delay: number, signal: AbortSignal, awaited?: KubeApi): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const stop = () => resolve(false);
  const cancel = clock.after(delay, stop);
  signal.addEventListener('abort', stop);
  const stopWaiting = awaited?.onReturn?.(() => resolve(true));
  const returned = await promise;
  stopWaiting?.();
  signal.removeEventListener('abort', stop);
  cancel();
  return returned;
}
