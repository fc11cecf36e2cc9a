/**
 * Leader election on one Lease, as client-go does it: whoever holds it renews it, whoever does not waits until it saw no renewal for the
 * whole duration. Clocks of pods are never compared: each measures by its own from the moment that it saw a change.
 *
 * A leader stops 8 s after its last renewal was sent; another one begins 12 s after it saw that renewal at the earliest. So requests that
 * are under way have 4 s to end, and there are never two. After a crash the next leader is there within 12 s and one look (2 s).
 */
import type { Clock } from '../store/clock.ts';
import { type KubeApi, KubeError } from './api.ts';
import { ComponentLabel, InstanceLabel, type Lease, leases, microTime } from './lease-object.ts';
import { collectionPath, objectPath } from './resource.ts';

/** Who of the gateway's pods writes to the API server. */
export interface Leadership {
  /** True only while no other pod can think the same of itself. */
  leading(): boolean;
  /** Told after each change of `leading()`. */
  onChange(listener: () => void): void;
}

export interface ElectionOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Name of the installation, for who looks at its labels. */
  readonly instance: string;
  /** Of this process: unique, so that one that was restarted does not take itself for the one before. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** What others read in the Lease; nobody measures by it. */
  readonly now: () => Date;
  readonly onError?: (error: KubeError) => void;
}

/** ms after the last renewal that was seen before the Lease may be taken. */
const Duration = 12_000;
/** ms after the last renewal was sent before leadership ends. */
const Deadline = 8_000;
/** ms between renewals, and between looks. */
const Period = 2_000;
/** ms for one request. */
const Patience = 3_000;

export class Election implements Leadership {
  readonly #options: ElectionOptions;
  readonly #life = new AbortController();
  readonly #listeners: (() => void)[] = [];
  /** As it was seen last. */
  #seen: Lease | undefined;
  /** When it was seen to change. */
  #seenAt = 0;
  #validUntil = Number.NEGATIVE_INFINITY;
  #told = false;
  #endTerm: (() => void) | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: ElectionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Also right while timers are late. */
  leading(): boolean {
    return this.#options.clock.now() < this.#validUntil;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Ends leadership at once and gives the Lease back, so that the next leader need not wait. Close first what only a leader may do. */
  async close(): Promise<void> {
    const held = this.leading();
    this.#end();
    this.#life.abort();
    await this.#loop;
    if (held) await this.#release().catch((error: unknown) => this.#report(error));
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#options;
    const { signal } = this.#life;
    while (!signal.aborted) {
      const began = clock.now();
      await this.#round().catch((error: unknown) => {
        if (!signal.aborted) this.#report(error);
      });
      if (signal.aborted) return;
      // Whoever waits comes when the Lease can be had, with a jitter so that not all come at once.
      const jitter = this.leading() ? 0 : random() * 200;
      const free = this.#seen === undefined || this.leading() ? Period : this.#seenAt + Duration - clock.now();
      const delay = Math.min(Math.max(began + Period - clock.now(), 200), free <= 0 ? Period : free) + jitter;
      await this.#pause(delay);
    }
  }

  /** One look, and one try to take or to renew. @throws KubeError */
  async #round(): Promise<void> {
    // Whoever held it last knows how it stands: a renewal needs no look, and a Conflict tells if that is wrong.
    if (!this.#holds()) await this.#look();
    if (this.#seen !== undefined && !this.#holds() && !this.#isFree()) return;
    await this.#take();
  }

  #holds(): boolean {
    return this.#seen?.spec.holderIdentity === this.#options.identity;
  }

  #isFree(): boolean {
    const holder = this.#seen?.spec.holderIdentity ?? '';
    return holder === '' || this.#options.clock.now() - this.#seenAt >= Duration;
  }

  async #look(): Promise<void> {
    const { api, namespace, name } = this.#options;
    try {
      const path = objectPath(leases, { namespace, name });
      this.#see((await this.#send((signal) => api.send({ method: 'GET', path, signal }))) as Lease);
    } catch (error) {
      if (!(error instanceof KubeError) || error.code !== 404) throw error;
      this.#seen = undefined;
    }
  }

  #see(lease: Lease): void {
    if (lease.metadata.resourceVersion !== this.#seen?.metadata.resourceVersion)
      this.#seenAt = this.#options.clock.now();
    this.#seen = lease;
  }

  async #take(): Promise<void> {
    const { api, namespace, name, clock } = this.#options;
    const sent = clock.now();
    const body = this.#next();
    const path = collectionPath(leases, namespace);
    try {
      const answer = await this.#send((signal) =>
        this.#seen === undefined
          ? api.send({ method: 'POST', path, body, signal })
          : api.send({ method: 'PUT', path: objectPath(leases, { namespace, name }), body, signal }),
      );
      this.#see(answer as Lease);
    } catch (error) {
      // Somebody wrote it, be it ourselves in a renewal without an answer; or deleted it. Neither is a fault.
      if (!(error instanceof KubeError) || (error.code !== 409 && error.code !== 404)) throw error;
      await this.#look();
      if (!this.#holds()) this.#end();
      return;
    }
    if (this.#life.signal.aborted) return;
    this.#begin(sent + Deadline);
  }

  #next(): Lease {
    const { namespace, name, instance, identity, now } = this.#options;
    const time = microTime(now());
    const former = this.#seen?.spec;
    const same = former?.holderIdentity === identity;
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        ...this.#seen?.metadata,
        name,
        namespace,
        labels: { ...this.#seen?.metadata.labels, [ComponentLabel]: 'leader', [InstanceLabel]: instance },
      },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Duration / 1000,
        acquireTime: same ? (former.acquireTime ?? time) : time,
        renewTime: time,
        leaseTransitions: (former?.leaseTransitions ?? 0) + (same || former === undefined ? 0 : 1),
      },
    };
  }

  /** "ReleaseOnCancel": an empty holder, and a duration that nobody has to wait for. */
  async #release(): Promise<void> {
    const { api, namespace, name, clock } = this.#options;
    const path = objectPath(leases, { namespace, name });
    const patience = new AbortController();
    const cancel = clock.after(Patience, () => patience.abort());
    const { signal } = patience;
    try {
      // Read again: a renewal may have been under way when the loop ended.
      const now = (await api.send({ method: 'GET', path, signal })) as Lease;
      if (now.spec.holderIdentity !== this.#options.identity) return;
      const body = { ...now, spec: { ...now.spec, holderIdentity: '', leaseDurationSeconds: 1 } };
      await api.send({ method: 'PUT', path, body, signal });
    } finally {
      cancel();
    }
  }

  #begin(validUntil: number): void {
    const { clock } = this.#options;
    this.#validUntil = validUntil;
    this.#endTerm?.();
    this.#endTerm = clock.after(Math.max(0, validUntil - clock.now()), () => this.#tell());
    this.#tell();
  }

  #end(): void {
    this.#validUntil = Number.NEGATIVE_INFINITY;
    this.#endTerm?.();
    this.#tell();
  }

  #tell(): void {
    const leading = this.leading();
    if (leading === this.#told) return;
    this.#told = leading;
    for (const listener of this.#listeners) listener();
  }

  /** Not longer than patience lasts: a renewal that hangs is one that failed. */
  async #send<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const patience = new AbortController();
    const cancel = this.#options.clock.after(Patience, () => patience.abort());
    try {
      return await task(AbortSignal.any([patience.signal, this.#life.signal]));
    } finally {
      cancel();
    }
  }

  async #pause(delay: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { signal } = this.#life;
    const stop = () => resolve();
    const cancel = this.#options.clock.after(delay, stop);
    signal.addEventListener('abort', stop);
    await promise;
    signal.removeEventListener('abort', stop);
    cancel();
  }

  #report(error: unknown): void {
    this.#options.onError?.(error instanceof KubeError ? error : new KubeError(String(error), { code: 0 }));
  }
}
