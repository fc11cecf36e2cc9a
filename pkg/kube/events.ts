/**
 * Events on objects, as `kubectl describe` shows them (core/v1: its count and age columns know that form best). Repeated ones count up
 * instead of piling up, nobody's object gets a flood, and a slow API server costs the gateway nothing but Events.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../store/clock.ts';
import { type KubeApi, KubeError } from './api.ts';
import { Backoff } from './backoff.ts';
import { Bucket } from './bucket.ts';
import { Throttle } from './throttle.ts';

/** Whom it is about; without the uid `kubectl describe` does not find it. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  /** `''` for cluster-scoped kinds. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface EventFacts {
  readonly subject: EventSubject;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase. */
  readonly reason: string;
  readonly message: string;
}

export interface EventRecorderOptions {
  readonly api: KubeApi;
  /** Name of this pod. */
  readonly instance: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly now: () => Date;
  readonly onError: (error: KubeError) => void;
  /** Something is being written that matters more: Events wait then, for `Yield` at most. */
  readonly urgent?: () => boolean;
}

interface Pending {
  readonly facts: EventFacts;
  /** By the clock, when it was recorded first. */
  readonly since: number;
  /** Times it was recorded since the last write. */
  count: number;
  tries: number;
  readonly backoff: Backoff;
}

const Component = 'suuupra-gateway';
/** "The maximum size of the note is 1kB" */
const MaxMessage = 1000;
const MaxKnown = 4096;
const MaxPending = 2048;
const MaxTries = 6;
/** For each object, as client-go has it: so many at once, then one in so many ms. */
const PerObject = { burst: 25, every: 300_000 };
/** For all of them: a storm of mistakes must not become one of Events. */
const Overall = { burst: 100, every: 20 };
const Writers = 4;
/** ms */
const Yield = { longest: 15_000, look: 250 };

export class EventRecorder {
  /** That found no room: in the queue, in their object's budget, or at the API server. */
  dropped = 0;
  readonly #options: EventRecorderOptions;
  /** How often each was told. */
  readonly #known = new Map<string, number>();
  readonly #pending = new Map<string, Pending>();
  readonly #budgets = new Map<string, Bucket>();
  readonly #throttle: Throttle;
  readonly #life = new AbortController();
  #writers = 0;
  #cancel: (() => void) | undefined;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#throttle = new Throttle(Overall.burst, Overall.every, options);
  }

  record(facts: EventFacts): void {
    const { clock, random } = this.#options;
    const { subject, type, reason, message } = facts;
    const key = JSON.stringify([subject.uid, type, reason, message]);
    const waiting = this.#pending.get(key);
    if (waiting !== undefined) {
      waiting.count++;
      return;
    }
    if (this.#pending.size >= MaxPending || !this.#budgetOf(subject.uid).take(clock.now())) {
      this.dropped++;
      return;
    }
    const backoff = new Backoff(500, 30_000, random);
    this.#pending.set(key, { facts, since: clock.now(), count: 1, tries: 0, backoff });
    this.#work();
  }

  close(): void {
    this.#life.abort();
    this.#cancel?.();
    this.#pending.clear();
  }

  #work(): void {
    const { clock, urgent } = this.#options;
    for (const [key, pending] of this.#pending) {
      if (this.#writers >= Writers || this.#life.signal.aborted) return;
      const yields = clock.now() - pending.since < Yield.longest && urgent?.() === true;
      const wait = yields ? Yield.look : this.#throttle.take();
      if (wait > 0) {
        this.#cancel?.();
        this.#cancel = clock.after(wait, () => this.#work());
        return;
      }
      this.#pending.delete(key);
      this.#writers++;
      void this.#attempt(key, pending).finally(() => {
        this.#writers--;
        this.#work();
      });
    }
  }

  async #attempt(key: string, pending: Pending): Promise<void> {
    const { clock, onError } = this.#options;
    try {
      await this.#write(key, pending);
      this.#throttle.succeeded();
    } catch (error) {
      if (this.#life.signal.aborted) return;
      const failure = error instanceof KubeError ? error : new KubeError(String(error), { code: 0 });
      this.#throttle.failed(failure);
      const passing = failure.code === 0 || failure.code === 429 || failure.code >= 500;
      if (!passing || ++pending.tries >= MaxTries) {
        this.dropped++;
        // A namespace that is being deleted takes no Events: nothing is wrong with that.
        if (failure.code !== 404 && !failure.message.includes('being terminated')) onError(failure);
        return;
      }
      clock.after(Math.max(pending.backoff.next(), failure.retryAfter * 1000), () => {
        if (this.#life.signal.aborted) return;
        const newer = this.#pending.get(key);
        if (newer !== undefined) newer.count += pending.count;
        else this.#pending.set(key, pending);
        this.#work();
      });
    }
  }

  async #write(key: string, { facts, count }: Pick<Pending, 'facts' | 'count'>): Promise<void> {
    const { api, now } = this.#options;
    const { signal } = this.#life;
    const time = `${now().toISOString().slice(0, 19)}Z`;
    // "Events of cluster-scoped objects live in the default namespace."
    const namespace = facts.subject.namespace === '' ? 'default' : facts.subject.namespace;
    const path = `/api/v1/namespaces/${namespace}/events`;
    const name = nameOf(facts.subject.name, key);
    const known = this.#known.get(key);
    if (known === undefined) {
      const body = this.#body(facts, { name, namespace, count, time });
      try {
        await api.send({ method: 'POST', path, body, signal });
        keep(this.#known, key, count);
        return;
      } catch (error) {
        // Told before, by another leader or in another life of this pod: how often is read from the answer below.
        if (!(error instanceof KubeError) || error.code !== 409) throw error;
      }
    }
    try {
      const body = { lastTimestamp: time, ...(known !== undefined && { count: known + count }) };
      const contentType = 'application/merge-patch+json';
      const stands = await api.send({ method: 'PATCH', path: `${path}/${name}`, body, contentType, signal });
      keep(this.#known, key, (stands as { readonly count?: number }).count ?? count);
    } catch (error) {
      // Forgotten by the API server: told anew.
      if (known === undefined || !(error instanceof KubeError) || error.code !== 404) throw error;
      this.#known.delete(key);
      await this.#write(key, { facts, count });
    }
  }

  #body(
    { subject, type, reason, message }: EventFacts,
    { name, namespace, count, time }: { name: string; namespace: string; count: number; time: string },
  ): object {
    const { uid, apiVersion, kind } = subject;
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject: {
        apiVersion,
        kind,
        name: subject.name,
        uid,
        ...(subject.namespace !== '' && { namespace: subject.namespace }),
      },
      type,
      reason,
      message: message.length > MaxMessage ? `${message.slice(0, MaxMessage - 1)}…` : message,
      source: { component: Component },
      reportingComponent: Component,
      reportingInstance: this.#options.instance,
      count,
      firstTimestamp: time,
      lastTimestamp: time,
    };
  }

  #budgetOf(uid: string): Bucket {
    const bucket = this.#budgets.get(uid) ?? new Bucket(PerObject.burst, PerObject.every, this.#options.clock.now());
    keep(this.#budgets, uid, bucket);
    return bucket;
  }
}

/** Made of what it says: a new leader, which knows nothing of the former's Events, finds them instead of repeating them. */
function nameOf(object: string, key: string): string {
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 16);
  // An object's name may be as long as an Event's, and no part of it ends in a hyphen.
  return `${object.slice(0, 230).replace(/[-.]+$/, '')}.${hash}`;
}

/** As the youngest; the oldest goes when there are too many. */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MaxKnown) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
