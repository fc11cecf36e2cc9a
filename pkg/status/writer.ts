/**
 * Statuses at the API server: one write for each object and change, by the leader alone, repeated until it holds. Starts from what stands
 * there, which has the times of its conditions, other controllers' entries, and the generation, which must be the one that was translated:
 * known from the watch, else read. What turns True waits until every pod in quorum serves it, at most for `Patience`.
 */
import { isKind, KINDS, type Kind } from '../api/kinds.ts';
import { type ObjectRef, objectId } from '../api/object.ts';
import { type KubeApi, KubeError } from '../kube/api.ts';
import { Backoff } from '../kube/backoff.ts';
import type { Leadership } from '../kube/lease.ts';
import { Throttle } from '../kube/throttle.ts';
import type { Versions } from '../kube/versions.ts';
import type { Clock } from '../store/clock.ts';
import { saysTrue, turnsTrue } from './conditions.ts';
import { withPending } from './pending.ts';
import { behindOf, type Quorum, stragglersText } from './quorum.ts';
import type { StatusSink } from './sink.ts';
import { type Standing, Standings } from './standings.ts';
import type { ObjectStatus } from './status.ts';
import { Targets } from './target.ts';
import { WrittenKinds } from './written.ts';

export interface StatusWriterOptions {
  readonly api: KubeApi;
  readonly leadership: Leadership;
  /** Absent: nobody is waited for. */
  readonly quorum?: Quorum;
  /** Our `controllerName` in statuses that several controllers share. */
  readonly controller: string;
  /** Namespaces that may be written in, and nothing outside of namespaces then; none: all of them. */
  readonly namespaces?: readonly string[];
  /** Told by whoever watches; absent: only of the writer's own answers. */
  readonly standings?: Standings;
  /** Of the object that the published statuses are about: one that was deleted and made again has no status, although ours is the same. */
  readonly uidOf?: (ref: ObjectRef) => string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly now: () => Date;
  /** It is tried again after `delay` ms. */
  readonly onError: (object: string, error: KubeError, delay: number) => void;
}

export interface StatusWriter extends StatusSink {
  readonly figures: StatusFigures;
  /** Resolves once what is being written is written. */
  close(): Promise<void>;
}

export interface StatusFigures {
  readonly writes: number;
  readonly failures: number;
  /** Waiting to be written, in a leader. */
  readonly pending: number;
  /** Being written just now. */
  readonly writing: number;
}

/** Written at once. */
const Writers = 16;
/** Tried: so many at once, then one in so many ms. */
const Pace = { burst: 100, every: 5 };
/** ms */
const Retry = { first: 200, longest: 30_000 };
/** ms between two writes of the same object: a storm of changes is one. */
const Apart = 500;
/** ms that a status is held back for pods that do not serve it yet. */
const Patience = 5_000;
/** ms after which everything is compared again, in case that somebody else wrote our entries. */
const Sweep = 600_000;

interface Stands {
  readonly status: ObjectStatus;
  readonly uid: string;
}

interface Task {
  readonly id: string;
  readonly status: ObjectStatus;
  /** How far a pod must have read to serve it. */
  readonly need: Versions | undefined;
  readonly backoff: Backoff;
  /** By the clock, when it was published first. */
  readonly since: number;
  /** Not to be looked at before. */
  due: number;
  /** For pods that are behind. */
  held: boolean;
}

export function createStatusWriter(options: StatusWriterOptions): StatusWriter {
  return new Writer(options);
}

class Writer implements StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #targets: Targets;
  readonly #throttle: Throttle;
  #wanted = new Map<string, Task>();
  /** Holds at the API server as far as this pod knows. */
  readonly #standing = new Map<string, Stands>();
  readonly #written = new Map<string, number>();
  readonly #queue = new Map<string, Task>();
  /** Being written: two attempts at one object would only end in a Conflict. */
  readonly #flying = new Map<string, Task>();
  /** Of this term; aborted when it ends. */
  #term: AbortController | undefined;
  #sweeping = false;
  #writers = 0;
  #writes = 0;
  #failures = 0;
  #closed: (() => void) | undefined;
  #cancelWork: (() => void) | undefined;
  #cancelSweep: (() => void) | undefined;

  constructor(options: StatusWriterOptions) {
    const { api, controller, now, clock, random, leadership, quorum, standings = new Standings() } = options;
    this.#options = options;
    this.#targets = new Targets(api, controller, standings, now);
    this.#throttle = new Throttle(Pace.burst, Pace.every, { clock, random });
    leadership.onChange(() => this.#lead());
    quorum?.onChange(() => {
      const behind = behindOf(quorum);
      for (const task of this.#queue.values()) if (task.held && behind(task.need).length === 0) task.due = 0;
      this.#work();
    });
    this.#lead();
  }

  get figures(): StatusFigures {
    return {
      writes: this.#writes,
      failures: this.#failures,
      pending: this.#queue.size + this.#writers,
      writing: this.#writers,
    };
  }

  publish(statuses: readonly ObjectStatus[], versions?: Versions): void {
    const { clock, random } = this.#options;
    const next = new Map<string, Task>();
    for (const status of statuses) {
      // An empty status is that of somebody else's object.
      if (!this.#mayWrite(status.ref.kind) || Object.keys(status.status).length === 0) continue;
      const id = objectId(status.ref);
      const former = this.#wanted.get(id);
      const backoff = new Backoff(Retry.first, Retry.longest, random);
      const fresh = { id, status, need: versions, backoff, since: clock.now(), due: 0, held: false };
      next.set(id, former?.status === status ? former : fresh);
    }
    for (const id of this.#wanted.keys()) {
      if (next.has(id)) continue;
      this.#standing.delete(id);
      this.#written.delete(id);
      this.#queue.delete(id);
    }
    this.#wanted = next;
    if (!this.#sweeping) this.#consider();
  }

  problems(): void {}

  async close(): Promise<void> {
    this.#queue.clear();
    this.#cancelWork?.();
    this.#cancelSweep?.();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closed = resolve;
    if (this.#writers === 0) resolve();
    await promise;
    this.#term?.abort();
  }

  #lead(): void {
    const leading = this.#options.leadership.leading();
    if (leading === (this.#term !== undefined) || this.#closed !== undefined) return;
    this.#term?.abort();
    this.#term = leading ? new AbortController() : undefined;
    this.#queue.clear();
    this.#standing.clear();
    this.#cancelSweep?.();
    if (leading) void this.#sweep();
  }

  /** Compares everything, page by page: a new leader does not know what the former one wrote. */
  async #sweep(): Promise<void> {
    const { clock, random, namespaces = [] } = this.#options;
    const signal = this.#term?.signal;
    if (signal === undefined || this.#sweeping) return;
    this.#sweeping = true;
    for (const kind of [...WrittenKinds].filter((each) => this.#mayWrite(each))) {
      const scopes = KINDS[kind].namespaced && namespaces.length > 0 ? namespaces : [''];
      for (const scope of scopes) {
        try {
          for await (const page of this.#targets.list(kind, scope, signal))
            for (const item of page) this.#compare(kind, item);
        } catch {
          // Each of them is read by itself then, and whatever is wrong is told there.
        }
      }
    }
    this.#sweeping = false;
    if (signal !== this.#term?.signal) {
      // Leadership was lost and won again meanwhile.
      void this.#sweep();
      return;
    }
    this.#cancelSweep = clock.after(Sweep * (0.8 + 0.4 * random()), () => void this.#sweep());
    this.#consider();
  }

  #compare(kind: Kind, object: Standing): void {
    const { name, namespace = '' } = object.metadata;
    const id = objectId({ kind, namespace, name });
    const task = this.#wanted.get(id);
    if (task === undefined) return;
    const { status } = task;
    if (!this.#isOf(status, object)) return;
    if (this.#targets.merge(object, status.status) !== undefined) {
      this.#standing.delete(id);
      return;
    }
    this.#standing.set(id, { status, uid: object.metadata.uid });
  }

  #consider(): void {
    if (this.#term === undefined) return;
    for (const [id, task] of this.#wanted) {
      if (this.#stands(task) || this.#queue.get(id) === task || this.#flying.get(id) === task) continue;
      task.due = Math.max(task.due, (this.#written.get(id) ?? Number.NEGATIVE_INFINITY) + Apart);
      this.#queue.set(id, task);
    }
    this.#work();
  }

  #work(): void {
    const { clock, leadership, quorum } = this.#options;
    this.#cancelWork?.();
    this.#cancelWork = undefined;
    const term = this.#term;
    if (term === undefined || this.#closed !== undefined || !leadership.leading()) return;
    const now = clock.now();
    let next = Number.POSITIVE_INFINITY;
    const behind = behindOf(quorum);
    for (const [id, task] of this.#queue) {
      // Whoever ends goes on here.
      if (this.#writers >= Writers) return;
      if (this.#flying.has(id)) continue;
      // Most have nothing but good to say: they need not be read for that.
      if (task.due <= now && now - task.since < Patience && saysOnlyTrue(task.status) && behind(task.need).length > 0) {
        task.held = true;
        task.due = task.since + Patience;
      }
      if (task.due > now) {
        next = Math.min(next, task.due);
        continue;
      }
      const wait = this.#throttle.take();
      if (wait > 0) {
        next = now + wait;
        break;
      }
      this.#queue.delete(id);
      this.#flying.set(id, task);
      this.#writers++;
      void this.#attempt(task, term.signal).finally(() => {
        this.#flying.delete(id);
        this.#writers--;
        if (this.#writers === 0) this.#closed?.();
        this.#work();
      });
    }
    if (next !== Number.POSITIVE_INFINITY) this.#cancelWork = clock.after(next - now, () => this.#work());
  }

  async #attempt(task: Task, signal: AbortSignal): Promise<void> {
    const { clock, onError } = this.#options;
    try {
      const again = await this.#write(task, signal);
      this.#throttle.succeeded();
      if (again !== undefined) this.#again(task, again);
    } catch (error) {
      if (signal.aborted) return;
      const failure = error instanceof KubeError ? error : new KubeError(String(error), { code: 0 });
      const delay = Math.max(task.backoff.next(), failure.retryAfter * 1000);
      this.#throttle.failed(failure);
      // Somebody wrote in between: looking again is all it takes.
      if (failure.code !== 409) {
        this.#failures++;
        onError(task.id, failure, Math.round(delay));
      }
      this.#again(task, clock.now() + delay);
    }
  }

  /** Unless something newer was published meanwhile. */
  #again(task: Task, due: number): void {
    if (this.#wanted.get(task.id) !== task || this.#closed !== undefined) return;
    task.due = due;
    this.#queue.set(task.id, task);
  }

  /** @returns when to look again; undefined: it stands, or is nobody's any more. @throws KubeError */
  async #write(task: Task, signal: AbortSignal): Promise<number | undefined> {
    const { ref } = task.status;
    const known = this.#targets.known(ref);
    // Unless it is the one that was translated, what is known may be older than that.
    if (known !== undefined && this.#isOf(task.status, known)) {
      try {
        return await this.#writeOnto(known, task, signal);
      } catch (error) {
        // It is not as it was seen any more: somebody wrote to it, or deleted it.
        if (!(error instanceof KubeError) || (error.code !== 409 && error.code !== 404)) throw error;
      }
    }
    const object = await this.#targets.read(ref, signal);
    // Gone: nobody is left to be told. Another generation, or another object of the name: its own translation follows.
    if (object === undefined || !this.#isOf(task.status, object)) return undefined;
    return this.#writeOnto(object, task, signal);
  }

  async #writeOnto(object: Standing, task: Task, signal: AbortSignal): Promise<number | undefined> {
    const { clock, quorum } = this.#options;
    const { status } = task;
    const late = behindOf(quorum)(task.need);
    const waits = late.length > 0 && turnsTrue(object.status, status.status);
    task.held = waits;
    if (waits && clock.now() - task.since < Patience) return task.since + Patience;
    const ours = waits ? withPending(status.status, stragglersText(late)) : status.status;
    const merged = this.#targets.merge(object, ours);
    if (merged !== undefined) {
      await this.#targets.write(status.ref, object, merged.patch, signal);
      this.#writes++;
      this.#written.set(task.id, clock.now());
    }
    if (!waits) this.#standing.set(task.id, { status, uid: object.metadata.uid });
    // The pods that are behind are heard of when they are no more, or gone.
    return waits ? Number.POSITIVE_INFINITY : undefined;
  }

  #stands({ id, status }: Task): boolean {
    const standing = this.#standing.get(id);
    const uid = this.#options.uidOf?.(status.ref);
    return standing?.status === status && (uid === undefined || standing.uid === uid);
  }

  #isOf({ ref, generation }: ObjectStatus, { metadata }: Standing): boolean {
    const uid = this.#options.uidOf?.(ref);
    return (metadata.generation ?? generation) === generation && (uid === undefined || uid === metadata.uid);
  }

  #mayWrite(kind: string): boolean {
    const { namespaces = [] } = this.#options;
    return isKind(kind) && WrittenKinds.has(kind) && (namespaces.length === 0 || KINDS[kind].namespaced);
  }
}

function saysOnlyTrue({ status, problems }: ObjectStatus): boolean {
  return problems.length === 0 && saysTrue(status);
}
