/**
 * Objects from the API server: the same Source as a directory. One reflector for each kind (and namespace, where only some are watched);
 * their events go through one queue, so that a batch is whole: an object and the Secret that it names arrive together.
 */
import { apiVersionOf, KINDS, type Kind } from '../api/kinds.ts';
import type { KubeApi, KubeError } from '../kube/api.ts';
import { listPages } from '../kube/pages.ts';
import { type RawObject, reflect } from '../kube/reflector.ts';
import { collectionPath, findResource, objectPath, type Resource } from '../kube/resource.ts';
import type { Clock } from '../store/clock.ts';
import { Inventory } from './inventory.ts';
import type { Validate } from './manifest.ts';
import { Reading } from './reading.ts';
import type { Source, SourceProblem, SourceSink } from './source.ts';
import { mayBeLeftOut, protects, type Unread, UnreadCollections } from './unread.ts';

export interface KubeSourceOptions {
  readonly api: KubeApi;
  readonly validate: Validate;
  /** Namespaces to watch; empty: all. */
  readonly namespaces: readonly string[];
  readonly clock: Clock;
  readonly random: () => number;
  /** A collection that cannot be read, or can be again; for the log. */
  readonly onFailure: (what: string, error: KubeError, delay: number) => void;
  /** Default: all that the gateway reads. */
  readonly kinds?: readonly Kind[];
  /** All objects of some kinds, where the API server is not to be asked for them (see assumed.ts). */
  readonly assumed?: ReadonlyMap<Kind, readonly RawObject[]>;
  /** Ids of what is read although no object refers to it: `Secret/infra/wildcard`. */
  readonly needs?: readonly string[];
  /** Sees everything as it was sent, as soon as it comes. */
  readonly witness?: Witness;
  /** Collections that could not be read for 10 s: told when there are others. */
  readonly onUnread?: (unread: readonly Unread[]) => void;
  /** Whether the first state may come without what cannot be read and closes what refers to it (see unread.ts). Default: never. */
  readonly mayLeaveOut?: () => boolean;
  /** Whether the first state waits for kinds that only protect, also if they may not be read. For whoever serves. Default false. */
  readonly needsProtection?: boolean;
  /** ms for which a first list may be refused: an API server that has just started does not know its roles yet. Default 0. */
  readonly forbiddenGrace?: number;
}

export interface Witness {
  upsert(kind: Kind, raw: RawObject): void;
  remove(kind: Kind, raw: RawObject): void;
  /** @param scope the namespace that was listed, `''` for all */
  replace(kind: Kind, scope: string, raws: readonly RawObject[]): void;
}

type State = 'listed' | 'missing' | 'forbidden' | 'unread';
type Event =
  | {
      readonly kind: Kind;
      readonly scope: string;
      readonly what: 'replace';
      readonly raws: readonly RawObject[];
      readonly state: State;
      readonly version: string;
    }
  | { readonly kind: Kind; readonly scope: string; readonly what: 'upsert' | 'remove'; readonly raw: RawObject };

const metadata = (kind: string): string => `application/json;as=${kind};g=meta.k8s.io;v=v1`;
const METADATA_ONLY = { list: metadata('PartialObjectMetadataList'), watch: metadata('PartialObjectMetadata') };
/** Fetched at once; more Services than this are one list of all EndpointSlices. */
const Fetchers = 16;
/** ms that a change waits for the Secrets and endpoints that it names. */
const FetchPatience = 2_000;
const RetryFetch = 1_000;
/** ms that the first state waits for a kind that it may do without. */
const FirstPatience = 30_000;

export class KubeSource implements Source {
  readonly #options: KubeSourceOptions;
  readonly #inventory: Inventory;
  readonly #life = new AbortController();
  readonly #resources = new Map<Kind, Resource>();
  /** Collections that did not answer yet; `kind scope`. */
  readonly #awaited = new Set<string>();
  readonly #states = new Map<string, State>();
  readonly #ready = Promise.withResolvers<void>();
  #queue: Event[] = [];
  /** To fetch again. */
  readonly #missed = new Set<string>();
  #retry: (() => void) | undefined;
  /** Something was fetched after its batch had been told. */
  #late = false;
  #working: Promise<void> | undefined;
  #sink: SourceSink | undefined;
  #told = '[]';
  readonly #reading = new Reading();
  readonly #unread: UnreadCollections;
  #cancelPatience: (() => void) | undefined;

  constructor(options: KubeSourceOptions) {
    this.#options = options;
    this.#inventory = new Inventory(options.validate, options.needs);
    this.#unread = new UnreadCollections(options.clock, (unread) => options.onUnread?.(unread));
  }

  async start(sink: SourceSink): Promise<void> {
    this.#sink = sink;
    const { kinds = Object.keys(KINDS) as Kind[], namespaces, assumed } = this.#options;
    const collections = kinds.flatMap((kind) => {
      const scopes = KINDS[kind].namespaced && namespaces.length > 0 ? namespaces : [''];
      return scopes.map((scope) => ({ kind, scope }));
    });
    for (const { kind, scope } of collections) this.#awaited.add(`${kind} ${scope}`);
    for (const { kind, scope } of collections) {
      const raws = assumed?.get(kind);
      if (raws === undefined) void this.#reflect(kind, scope);
      else this.#queue.push({ kind, scope, what: 'replace', raws, state: 'listed', version: '' });
    }
    this.#beImpatient();
    await this.#ready.promise;
    this.#cancelPatience?.();
  }

  async close(): Promise<void> {
    this.#life.abort();
    this.#retry?.();
    this.#cancelPatience?.();
    this.#unread.close();
    await this.#working;
    this.#ready.resolve();
  }

  /** Only once all the others are there: otherwise it would change nothing. */
  #beImpatient(): void {
    const { clock, mayLeaveOut } = this.#options;
    this.#cancelPatience = clock.after(FirstPatience, () => {
      const left = [...this.#awaited].map((key) => key.split(' ') as [Kind, string]);
      if (mayLeaveOut?.() === true && left.every(([kind]) => mayBeLeftOut(kind))) {
        for (const [kind, scope] of left)
          this.#queue.push({ kind, scope, what: 'replace', raws: [], state: 'unread', version: '' });
        this.#work();
      } else this.#beImpatient();
    });
  }

  async #reflect(kind: Kind, scope: string): Promise<void> {
    const { api, clock, random, onFailure, witness, forbiddenGrace = 0, needsProtection = false } = this.#options;
    const collection = scope === '' ? kind : `${kind} in ${scope}`;
    const push = (event: Event) => {
      this.#queue.push(event);
      this.#work();
    };
    await reflect(
      {
        api,
        clock,
        random,
        path: async (signal) => {
          const resource = await findResource(api, kind, signal);
          if (resource === undefined) return undefined;
          this.#resources.set(kind, resource);
          return collectionPath(resource, scope);
        },
        ...(isLazy(kind) && { accept: METADATA_ONLY }),
        forbiddenGrace,
        sink: {
          replace: (raws, state, version) => {
            if (state === 'forbidden' && needsProtection && protects(kind)) return;
            witness?.replace(kind, scope, raws);
            push({ kind, scope, what: 'replace', raws, state, version });
          },
          upsert: (raw) => {
            witness?.upsert(kind, raw);
            push({ kind, scope, what: 'upsert', raw });
          },
          remove: (raw) => {
            witness?.remove(kind, raw);
            push({ kind, scope, what: 'remove', raw });
          },
          failed: (error, delay) => {
            onFailure(collection, error, delay);
            this.#unread.failed(collection, error.message);
          },
          settled: () => this.#unread.settled(collection),
        },
      },
      this.#life.signal,
    );
  }

  /** One batch at a time; what comes meanwhile is the next. */
  #work(): void {
    if (this.#working !== undefined || this.#life.signal.aborted) return;
    this.#working = this.#run().finally(() => {
      this.#working = undefined;
      const overdue = this.#missed.size > 0 && this.#retry === undefined;
      if ((this.#queue.length > 0 || this.#late || overdue) && this.#awaited.size === 0) this.#work();
    });
  }

  async #run(): Promise<void> {
    // The rest of what came in this turn belongs to the batch.
    await Promise.resolve();
    const first = this.#awaited.size > 0;
    for (const event of this.#queue) if (event.what === 'replace') this.#awaited.delete(`${event.kind} ${event.scope}`);
    // Nothing is told before everything was listed: half a cluster is not the cluster.
    if (this.#awaited.size > 0) return;
    const events = this.#queue;
    this.#queue = [];
    this.#late = false;
    // Who refers comes before what is referred to: then only what is needed is kept, and nothing of it is fetched twice.
    for (const event of first ? events.toSorted((a, b) => rank(a.kind) - rank(b.kind)) : events) {
      if (first && event.kind === 'EndpointSlice') this.#forgetDueServices();
      this.#take(event);
    }
    await this.#fetch(new Set([...this.#inventory.takeDue(), ...this.#missed]));
    this.#late = false;
    this.#publish();
    this.#ready.resolve();
  }

  /** All EndpointSlices are at hand, and what was due of them need not be fetched. */
  #forgetDueServices(): void {
    for (const id of this.#inventory.takeDue()) if (!id.startsWith('Service/')) this.#missed.add(id);
  }

  #take(event: Event): void {
    const { kind, scope } = event;
    const version = this.#resources.get(kind)?.version;
    this.#reading.note(event);
    if (event.what === 'replace') {
      this.#states.set(`${kind} ${scope}`, event.state);
      const raws = event.raws.map((raw) => named(raw, kind, version));
      this.#inventory.replace(kind, scope, raws);
    } else if (event.what === 'upsert') this.#inventory.upsert(kind, named(event.raw, kind, version));
    else this.#inventory.remove(kind, event.raw);
  }

  async #fetch(due: ReadonlySet<string>): Promise<void> {
    this.#missed.clear();
    if (due.size === 0) return;
    const { promise: patience, resolve: lose } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(FetchPatience, lose);
    const services = [...due].filter((id) => id.startsWith('Service/'));
    const others = [...due].filter((id) => !id.startsWith('Service/'));
    const tasks = [
      ...(services.length > Fetchers
        ? [() => this.#fetchSlices(services, undefined)]
        : services.map((id) => () => this.#fetchSlices([id], id))),
      ...others.map((id) => () => this.#fetchOne(id)),
    ].values();
    const fetchers = Array.from({ length: Fetchers }, async () => {
      for (const task of tasks) await task();
    });
    await Promise.race([Promise.all(fetchers), patience]);
    cancel();
  }

  async #fetchOne(id: string): Promise<void> {
    const [kind, namespace = '', name = ''] = id.split('/') as [Kind, string?, string?];
    await this.#guarded([id], async (signal) => {
      const path = objectPath(firstResource(kind), { namespace, name });
      const raw = (await this.#options.api.send({ method: 'GET', path, signal })) as RawObject;
      this.#inventory.fetched(kind, named(raw, kind));
    });
  }

  /** Of one Service, or of all that are wanted. */
  async #fetchSlices(ids: readonly string[], only: string | undefined): Promise<void> {
    const [, namespace = '', service = ''] = only?.split('/') ?? [];
    await this.#guarded(ids, async (signal) => {
      const path = collectionPath(firstResource('EndpointSlice'), namespace);
      const query = only === undefined ? {} : { labelSelector: `kubernetes.io/service-name=${service}` };
      for await (const { items } of listPages<RawObject>(this.#options.api, { path, query, signal })) {
        for (const raw of items) this.#inventory.upsert('EndpointSlice', named(raw, 'EndpointSlice'));
      }
    });
  }

  /** What is gone is told by its watch; everything else that goes wrong is tried again. */
  async #guarded(ids: readonly string[], task: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await task(this.#life.signal);
      this.#late = true;
      this.#work();
    } catch (error) {
      if ((error as Partial<KubeError>).code === 404 || this.#life.signal.aborted) return;
      for (const id of ids) this.#missed.add(id);
      // Here, not where the batch waits: it may have been told without what took longer.
      this.#retry ??= this.#options.clock.after(RetryFetch, () => {
        this.#retry = undefined;
        this.#work();
      });
    }
  }

  #publish(): void {
    const problems = [...this.#collectionProblems(), ...this.#inventory.problems()];
    const text = JSON.stringify(problems);
    const changes = this.#inventory.takeChanges();
    if (changes.length > 0 || this.#reading.moved) this.#sink?.apply(changes, this.#reading.take());
    if (text !== this.#told) this.#sink?.problems(problems);
    this.#told = text;
  }

  #collectionProblems(): SourceProblem[] {
    return [...this.#states].flatMap(([key, state]) => {
      if (state !== 'forbidden' && state !== 'unread') return [];
      const [kind = '', scope = ''] = key.split(' ');
      const where = scope === '' ? '' : ` in namespace ${scope}`;
      const [what, hint] =
        state === 'forbidden'
          ? ['does not let the gateway read', 'grant get, list and watch to its ServiceAccount']
          : ['cannot list', 'its log says why; what refers to them answers 500 until then'];
      const message = `the API server ${what} objects of kind ${kind}${where}`;
      return [{ file: '', line: 0, object: kind, path: '', message, hint }];
    });
  }
}

/** Items of a list do not say what they are. */
function named(raw: RawObject, kind: Kind, version?: string): RawObject {
  return { ...raw, apiVersion: apiVersionOf(KINDS[kind], version), kind };
}

/** Of a kind of the API server's own, which has one version. */
function firstResource(kind: Kind): Resource {
  return { ...KINDS[kind], version: KINDS[kind].versions[0] };
}

/** Of these only metadata is followed; what is referred to is fetched. */
function isLazy(kind: Kind): boolean {
  return kind === 'Secret' || kind === 'ConfigMap';
}

function rank(kind: Kind): number {
  if (kind === 'EndpointSlice') return 2;
  return isLazy(kind) ? 1 : 0;
}
